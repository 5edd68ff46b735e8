//go:build race

package media

// pooled says that sync.Pool, which the library's counter mode uses, keeps what is
// put into it. The race detector makes it forget on purpose.
const pooled = false

// raceDetector says that tests should do with less.
const raceDetector = true
