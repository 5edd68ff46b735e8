//go:build !race

package tone_test

const raceEnabled = false
