//go:build !race

package media

const pooled = true

const raceDetector = false
