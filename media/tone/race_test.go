//go:build race

package tone_test

// raceEnabled says that the race detector makes arithmetic ten times as slow.
const raceEnabled = true
