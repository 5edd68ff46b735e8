// Package compare tells what is different between two sets of flows: what is
// written otherwise, and what that means for callers who want a person.
//
// What lives here: comparing. What must not: reading folders, printing.
//
//	for _, flow := range compare.Sets(before, after) { … }
package compare
