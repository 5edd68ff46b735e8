package problem

import (
	"slices"
	"strings"
)

// maxName bounds a name that a suggestion is sought for, in bytes: the work
// grows with its square.
const maxName = 100

// Nearest returns the candidate that a writer of name most likely meant, or ""
// if none is near: at most a third of the letters differ (rounded up), at most
// three, and never all of them. One that differs in capitals alone comes first.
func Nearest(name string, candidates []string) string {
	if len(name) > maxName {
		return ""
	}
	for _, candidate := range candidates {
		if candidate != name && strings.EqualFold(candidate, name) {
			return candidate
		}
	}
	limit := min(3, (len(name)+2)/3, max(0, len(name)-1))
	best, bestDistance := "", limit+1
	for _, candidate := range slices.Sorted(slices.Values(candidates)) {
		if difference := len(candidate) - len(name); difference > limit || -difference > limit {
			continue
		}
		if d := distance(name, candidate); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// distance is the Damerau-Levenshtein distance (optimal string alignment):
// insertions, deletions, substitutions and swaps of neighbours.
func distance(a, b string) int {
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}
