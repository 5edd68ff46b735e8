package lookup

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// maxFound bounds what a path may find on its way, so that lists in lists don't
// multiply.
const maxFound = 10_000

// path says where in an answer a field is: names with dots between, as in
// "coverage.copay". A list is looked through; [0] takes one of its items, and
// [system=phone] those in which that name has that value.
type path []pathStep

type pathStep struct {
	// name of a member; empty for a choice among items.
	name string
	// index of the item, -1 for none; key and value of the items wanted.
	index      int
	key, value string
}

var (
	pathName   = regexp.MustCompile(`^[A-Za-z_$@][A-Za-z0-9_$@-]{0,63}`)
	pathIndex  = regexp.MustCompile(`^\[([0-9]{1,4})\]`)
	pathFilter = regexp.MustCompile(`^\[([A-Za-z_$@][A-Za-z0-9_$@-]{0,63})=([^\]]{1,200})\]`)
)

var errPath = errors.New("it is no path")

func parsePath(text string) (path, error) {
	var p path
	rest := text
	for rest != "" {
		name := pathName.FindString(rest)
		if name == "" {
			return nil, errPath
		}
		p, rest = append(p, pathStep{name: name, index: -1}), rest[len(name):]
		for strings.HasPrefix(rest, "[") {
			if m := pathIndex.FindStringSubmatch(rest); m != nil {
				index, _ := strconv.Atoi(m[1]) // at most four digits
				p, rest = append(p, pathStep{index: index}), rest[len(m[0]):]
			} else if m := pathFilter.FindStringSubmatch(rest); m != nil {
				p, rest = append(p, pathStep{index: -1, key: m[1], value: m[2]}), rest[len(m[0]):]
			} else {
				return nil, errPath
			}
		}
		if rest == "" {
			return p, nil
		}
		if rest[0] != '.' || len(rest) == 1 {
			return nil, errPath
		}
		rest = rest[1:]
	}
	return nil, errPath
}

// find gives what stands at the path below a value, lists taken apart; nulls
// are nothing.
func (p path) find(root any) []any {
	found := []any{root}
	for i, step := range p {
		var next []any
		if step.index >= 0 {
			next = step.item(found)
		} else {
			for _, value := range flat(found) {
				next = append(next, step.below(value)...)
			}
		}
		if found = next[:min(len(next), maxFound)]; len(found) == 0 {
			return nil
		}
		if i == len(p)-1 {
			found = flat(found)
		}
	}
	return found
}

// item takes one item of each list; what is no list is its own only item.
func (s pathStep) item(values []any) []any {
	var found []any
	for _, value := range values {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		if s.index < len(list) {
			found = append(found, list[s.index])
		}
	}
	return found
}

func (s pathStep) below(value any) []any {
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	if s.name == "" {
		if text, ok := scalarText(object[s.key]); ok && text == s.value {
			return []any{value}
		}
		return nil
	}
	if member, ok := object[s.name]; ok && member != nil {
		return []any{member}
	}
	return nil
}

// flat takes lists apart, as deep as they go within the bound; nulls are nothing.
func flat(values []any) []any {
	var all []any
	var take func(values []any)
	take = func(values []any) { // as deep as encoding/json reads
		for _, value := range values {
			if list, ok := value.([]any); ok {
				take(list)
			} else if value != nil && len(all) < maxFound {
				all = append(all, value)
			}
		}
	}
	take(values)
	return all
}
