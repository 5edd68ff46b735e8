//go:build !race

package media

const pooled = true
