package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"careline/ivr"
)

// Kind says whether something came, went or changed.
type Kind string

const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
)

// Flow is what is different in a flow.
type Flow struct {
	Name string
	Kind Kind
	// Steps that differ, in the order of their names; "" stands for what is written
	// above the steps.
	Steps []Step
	// People are what is different for callers who begin in this flow.
	People []string
}

// Step is what is different in a step.
type Step struct {
	Name string
	Kind Kind
	Verb string
	// Lines say what, as in "no_input.retries: 2 → 3".
	Lines []string
}

// Sets compares two sets. Flows without a difference are left out.
func Sets(before, after *ivr.Set) []Flow {
	was, is := views(before), views(after)
	names := slices.Sorted(maps.Keys(was))
	for name := range is {
		if was[name].Name == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var flows []Flow
	for _, name := range names {
		flow := Flow{Name: name, Kind: Changed}
		switch {
		case was[name].Name == "":
			flow.Kind = Added
		case is[name].Name == "":
			flow.Kind = Removed
		}
		flow.Steps = steps(before.Written(name), after.Written(name), was[name], is[name])
		flow.People = people(ways(was, name), ways(is, name))
		if flow.Kind != Changed || len(flow.Steps) > 0 || len(flow.People) > 0 {
			flows = append(flows, flow)
		}
	}
	return flows
}

func views(set *ivr.Set) map[string]ivr.FlowView {
	all := map[string]ivr.FlowView{}
	for _, view := range set.View() {
		all[view.Name] = view
	}
	return all
}

// steps compares what is written of each step.
func steps(before, after map[string]map[string]string, was, is ivr.FlowView) []Step {
	names := maps.Clone(before)
	if names == nil {
		names = map[string]map[string]string{}
	}
	maps.Copy(names, after)
	var all []Step
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, wasThere := before[name]
		now, isThere := after[name]
		switch {
		case !wasThere:
			all = append(all, Step{Name: name, Kind: Added, Verb: verb(is, name)})
		case !isThere:
			all = append(all, Step{Name: name, Kind: Removed, Verb: verb(was, name)})
		default:
			if lines := lines(old, now); len(lines) > 0 {
				all = append(all, Step{Name: name, Kind: Changed, Verb: verb(is, name), Lines: lines})
			}
		}
	}
	return all
}

func verb(view ivr.FlowView, step string) string {
	for _, s := range view.Steps {
		if s.Step == step {
			return s.Verb
		}
	}
	return ""
}

// lines compares keys and their values.
func lines(old, now map[string]string) []string {
	keys := maps.Clone(old)
	maps.Copy(keys, now)
	var all []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		was, wasThere := old[key]
		is, isThere := now[key]
		switch {
		case !wasThere:
			all = append(all, fmt.Sprintf("%s: %s (new)", key, is))
		case !isThere:
			all = append(all, fmt.Sprintf("%s: %s (gone)", key, was))
		case was != is:
			all = append(all, fmt.Sprintf("%s: %s → %s", key, was, is))
		}
	}
	return all
}

// people compares where callers come to.
func people(was, is reach) []string {
	var all []string
	queues := maps.Clone(was.queues)
	maps.Copy(queues, is.queues)
	for _, queue := range slices.Sorted(maps.Keys(queues)) {
		old, wasThere := was.queues[queue]
		now, isThere := is.queues[queue]
		switch {
		case !wasThere:
			all = append(all, fmt.Sprintf("queue %s is now reached, %s: %s", queue, answers(now.answers), now.trail))
		case !isThere:
			all = append(all, fmt.Sprintf("queue %s is no longer reached; it was, %s: %s", queue, answers(old.answers), old.trail))
		case old.answers != now.answers:
			all = append(all, fmt.Sprintf("queue %s is reached %s, not %s: %s", queue, answers(now.answers), answers(old.answers), now.trail))
		}
	}
	if old, now := strings.Join(was.silent, ", "), strings.Join(is.silent, ", "); old != now && was.there && is.there {
		all = append(all, fmt.Sprintf("callers who press nothing come to %s, not %s", orNobody(now), orNobody(old)))
	}
	return all
}

func answers(n int) string {
	switch n {
	case 0:
		return "without an answer"
	case 1:
		return "after 1 answer"
	}
	return fmt.Sprintf("after %d answers", n)
}

func orNobody(names string) string {
	if names == "" {
		return "nobody"
	}
	return names
}
