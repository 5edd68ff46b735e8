package config

import (
	"maps"
	"regexp"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"careline/acd"
	"careline/problem"
)

// line is a queue with where the file says so.
type line struct {
	acd.Queue
	key, value *yaml.Node
	callback   callbackKeys
}

var plainName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)

func strategies() []string { return []string{"longest_idle", "fewest_calls", "highest_skill"} }

// queues reads queues.yaml.
func (r *reader) queues(site string) (*problem.Document, []line) {
	doc := r.document("queues.yaml")
	if doc == nil {
		return nil, nil
	}
	var file struct {
		Queues map[string]yaml.Node `yaml:"queues"`
	}
	r.problems.Add(doc.File, doc.Decode(doc.Root, &file))
	var lines []line
	for _, pair := range problem.Pairs(problem.Get(doc.Root, "queues")) {
		if !plainName.MatchString(pair.Key.Value) {
			r.add(doc.At(pair.Key, "%q can't be a queue's name", pair.Key.Value).
				Hint("begin with a lower-case letter; then letters, digits, _ or -"))
		}
		keys := queueDefaults()
		if err := doc.Decode(pair.Value, &keys); err != nil {
			r.problems.Add(doc.File, err)
		} else {
			r.queue(doc, pair, keys)
		}
		lines = append(lines, line{key: pair.Key, value: pair.Value, callback: keys.Callback, Queue: acd.Queue{
			Name: pair.Key.Value, Skills: keys.Skills, RelaxEvery: keys.RelaxEvery,
			Credential: acd.CredentialType(keys.Credential), MatchLanguage: keys.MatchLanguage,
			Priority: keys.Priority, AgingPerSecond: keys.AgingPerSecond, Strategy: keys.Strategy,
			RingTimeout: keys.Ring, WrapUp: keys.WrapUp,
			WaitLimit: keys.Limit.Wait, QueueLimit: keys.Limit.Callers, Site: site, Callback: keys.Callback.rules(),
		}})
	}
	if len(lines) == 0 && len(r.problems) == 0 {
		r.add(doc.At(doc.Root, "there are no queues").Hint("add one under queues"))
	}
	return doc, lines
}

func (r *reader) queue(doc *problem.Document, pair problem.Pair, keys queueKeys) {
	if !slices.Contains(strategies(), keys.Strategy) {
		r.add(unknown(doc, at(pair.Value, "strategy"), "a strategy", keys.Strategy, strategies()))
	}
	if kind := acd.CredentialType(keys.Credential); kind != "" && kind != acd.RN && kind != acd.LPN {
		r.add(unknown(doc, at(pair.Value, "credential"), "a license type", keys.Credential, []string{string(acd.RN), string(acd.LPN)}))
	}
	if !slices.Contains(whoFirst(), keys.Callback.First) {
		r.add(unknown(doc, at(pair.Value, "callback", "first"), "a choice", keys.Callback.First, whoFirst()))
	}
	r.bounds(doc, pair.Value, keys)
	for _, skill := range problem.Pairs(problem.Get(pair.Value, "skills")) {
		if level, ok := keys.Skills[skill.Key.Value]; ok && (level < 1 || level > 5) {
			r.add(doc.At(skill.Value, "skill %q has level %d", skill.Key.Value, level).Hint("levels go from 1 (beginner) to 5 (expert)"))
		}
	}
}

// waits holds the queues' limits against how long callers stay.
func (r *reader) waits(doc *problem.Document, lines []line, longest time.Duration) {
	for _, l := range lines {
		if l.WaitLimit > longest {
			r.add(doc.At(at(l.value, "limit", "wait"), "queue %q lets callers wait %s", l.Name, l.WaitLimit).
				Hint("at most %s is allowed (callers.longest_wait): who waits longer has hung up, and never came to the flow's timeout", longest))
		}
	}
}

// queueNames in the order of the file; nil if there are none.
func queueNames(lines []line) []string {
	if len(lines) == 0 {
		return nil
	}
	names := make([]string, len(lines))
	for i, l := range lines {
		names[i] = l.Name
	}
	return names
}

// skillNames are all that some agent has.
func skillNames(people []person) []string {
	names := map[string]bool{}
	for _, who := range people {
		for name := range who.Skills {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
