package ivr

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// entryKeys are the keys that an entry is made of: "#" ends one and "*" begins it anew,
// so neither is ever part of it.
const entryKeys = "0123456789"

// lengths gives how many digits, from least to most, an entry may have that fits a
// whole pattern, with the keys of allowed at each place (an empty one, and what lies
// behind, is any digit). None: no caller could ever key in what is asked for.
func lengths(pattern string, allowed []string, least, most int) []int {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil
	}
	var fitting []int
	for n := least; n <= most; n++ {
		if (entryWalk{program, allowed, n}).fits() {
			fitting = append(fitting, n)
		}
	}
	return fitting
}

// entryWalk follows all entries of a length through a pattern at once (Thompson:
// Regular expression search algorithm, 1968).
type entryWalk struct {
	program *syntax.Prog
	allowed []string
	length  int
}

func (w entryWalk) fits() bool {
	at, matched := w.reach([]uint32{uint32(w.program.Start)}, 0)
	for i := range w.length {
		keys := entryKeys
		if i < len(w.allowed) && w.allowed[i] != "" {
			keys = w.allowed[i]
		}
		var next []uint32
		for _, pc := range at {
			inst := &w.program.Inst[pc]
			if strings.ContainsFunc(keys, inst.MatchRune) {
				next = append(next, inst.Out)
			}
		}
		if at, matched = w.reach(next, i+1); len(at) == 0 && !matched {
			return false
		}
	}
	return matched
}

// reach gives the instructions that take a key and are come to from some without one,
// behind so many digits; matched says that the pattern may end there.
func (w entryWalk) reach(from []uint32, behind int) (takes []uint32, matched bool) {
	seen := make([]bool, len(w.program.Inst))
	holds := syntax.EmptyNoWordBoundary // between two digits
	switch behind {
	case 0:
		holds = syntax.EmptyBeginText | syntax.EmptyBeginLine | syntax.EmptyWordBoundary
	case w.length:
		holds = syntax.EmptyEndText | syntax.EmptyEndLine | syntax.EmptyWordBoundary
	}
	for len(from) > 0 {
		pc := from[len(from)-1]
		from = from[:len(from)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		switch inst := &w.program.Inst[pc]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			from = append(from, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			from = append(from, inst.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^holds == 0 {
				from = append(from, inst.Out)
			}
		case syntax.InstMatch:
			matched = true
		case syntax.InstFail:
		default:
			takes = append(takes, pc)
		}
	}
	return takes, matched
}

// commandKey finds "#" or "*" written in a pattern as a key of the entry; empty for
// none.
func commandKey(pattern string) string {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	var find func(*syntax.Regexp) string
	find = func(tree *syntax.Regexp) string {
		for _, key := range "#*" {
			alone := tree.Op == syntax.OpLiteral && slices.Contains(tree.Rune, key)
			for i := 0; tree.Op == syntax.OpCharClass && i+1 < len(tree.Rune); i += 2 {
				alone = alone || tree.Rune[i] == key && tree.Rune[i+1] == key
			}
			if alone {
				return string(key)
			}
		}
		for _, sub := range tree.Sub {
			if key := find(sub); key != "" {
				return key
			}
		}
		return ""
	}
	return find(tree)
}
