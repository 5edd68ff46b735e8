package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"careline/acd"
	"careline/ivr"
	"careline/problem"
)

// coverage finds queues that no agent can ever serve: a caller would wait there
// until the limit, and nobody would know why (contract 11).
func (r *reader) coverage(doc *problem.Document, lines []line, people []person, rules law, today string, flows *ivr.Set) {
	languages := map[string][]string{}
	if flows != nil {
		languages = flows.Queued()
	}
	for _, l := range lines {
		serving := serving(l, people)
		if len(serving) == 0 {
			r.add(doc.At(l.key, "no agent serves queue %q", l.Name).Hint("name it under some agent's queues in agents.yaml"))
			continue
		}
		r.skillCoverage(doc, l, serving, skillNames(people))
		if l.MatchLanguage {
			r.languageCoverage(doc, l, serving, languages[l.Name])
		}
		if l.Credential == acd.RN || l.Credential == acd.LPN {
			r.credentialCoverage(doc, l, serving, rules, today)
		}
	}
}

// serving are the agents of a queue.
func serving(l line, people []person) []person {
	return slices.DeleteFunc(slices.Clone(people), func(who person) bool { return !slices.Contains(who.Queues, l.Name) })
}

func (r *reader) skillCoverage(doc *problem.Document, l line, serving []person, known []string) {
	for _, pair := range problem.Pairs(problem.Get(l.value, "skills")) {
		skill, wanted := pair.Key.Value, l.Skills[pair.Key.Value]
		if !slices.Contains(known, skill) {
			r.add(unknown(doc, pair.Key, "a skill that some agent has", skill, known))
			continue
		}
		best := slices.MaxFunc(serving, func(a, b person) int { return cmp.Compare(a.Skills[skill], b.Skills[skill]) })
		if l.RelaxEvery == 0 && best.Skills[skill] < wanted {
			r.add(doc.At(pair.Value, "queue %q never relaxes, and no agent of it has %s at level %d", l.Name, skill, wanted).
				Hint("at most %s has %d; lower it or set relax_every", best.ID, best.Skills[skill]))
		}
	}
}

func (r *reader) languageCoverage(doc *problem.Document, l line, serving []person, languages []string) {
	for _, language := range languages {
		speaks := func(who person) bool { return slices.Contains(who.Languages, language) }
		if !slices.ContainsFunc(serving, speaks) {
			r.add(doc.At(at(l.value, "match_language"), "queue %q matches the caller's language, and no agent of it speaks %s", l.Name, language).
				Hint("add an agent who does, or set match_language to false"))
		}
	}
}

// credentialCoverage refuses a clinical queue without any valid license, and
// warns of states that were covered until a license lapsed.
func (r *reader) credentialCoverage(doc *problem.Document, l line, serving []person, rules law, today string) {
	covered := map[string]bool{}
	for _, state := range rules.states {
		covered[state] = slices.ContainsFunc(serving, func(who person) bool {
			ok, _ := acd.MayTake(who.Agent, l.Credential, state, today, rules.compact)
			return ok
		})
	}
	anywhere := slices.ContainsFunc(rules.states, func(state string) bool { return covered[state] })
	lapsed, lost := r.lapsed(l, serving, rules, today, covered)
	node := at(l.value, "credential")
	switch {
	case anywhere && len(lost) > 0:
		r.warn(doc.At(node, "since %s, nobody serves queue %q for callers in %s", strings.Join(lapsed, " and "), l.Name, strings.Join(lost, ", ")).
			Hint("renew the license in agents.yaml, or add a nurse"))
	case !anywhere && len(lapsed) > 0:
		r.add(doc.At(node, "queue %q needs a valid %s license, and no agent of it has one today: %s", l.Name, l.Credential, strings.Join(lapsed, ", ")).
			Hint("renew it in agents.yaml, or add a nurse"))
	case !anywhere:
		r.add(doc.At(node, "queue %q needs a valid %s license, and no agent of it has one", l.Name, l.Credential).
			Hint("add the license to a nurse in agents.yaml, or give the queue to a nurse"))
	}
}

// lapsed says which licenses ran out, and which states nobody covers since.
func (r *reader) lapsed(l line, serving []person, rules law, today string, covered map[string]bool) (whose, states []string) {
	for _, who := range serving {
		for _, license := range who.Credentials {
			if license.Type != l.Credential || license.Expires >= today || license.Status != "active" {
				continue
			}
			whose = append(whose, fmt.Sprintf("%s's %s license of %s expired on %s", who.ID, license.Type, license.State, license.Expires))
			one := who.Agent
			one.Credentials = []acd.Credential{license}
			for _, state := range rules.states {
				// On its last day it was valid: what did it cover then?
				ok, _ := acd.MayTake(one, l.Credential, state, license.Expires, rules.compact)
				if ok && !covered[state] && !slices.Contains(states, state) {
					states = append(states, state)
				}
			}
		}
	}
	slices.Sort(states)
	return whose, states
}
