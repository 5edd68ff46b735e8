package flowtest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"careline/ivr"
	"careline/ivr/simulate"
	"careline/problem"
)

// Options of playing tests.
type Options struct {
	// Zone is the site's, in which tests tell the time; nil: UTC.
	Zone *time.Location
	// Words gives what a prompt says, for tests that name words; nil: they name
	// prompts alone.
	Words func(ivr.Prompt) string
}

func (o Options) zone() *time.Location {
	if o.Zone == nil {
		return time.UTC
	}
	return o.Zone
}

// start is when calls begin that are told no time: ten on a Wednesday that is no
// holiday.
func (o Options) start() time.Time { return time.Date(2026, time.January, 14, 10, 0, 0, 0, o.zone()) }

// Results of playing tests.
type Results struct {
	// Tests in the order of files and within them.
	Tests []Result
	// Problems are what is wrong with the files, and the tests that fail.
	Problems problem.List
	Visits   Visits
	Coverage Coverage
}

// Result of one test.
type Result struct {
	// Position of its name.
	Position   problem.Position
	Name, Flow string
	// Failure is why it failed; nil if it passed.
	Failure error
	// Lasted is how long the call was, in its own time.
	Lasted time.Duration
}

// Err gives what is wrong as a problem.List, or nil.
func (r *Results) Err() error { return r.Problems.Err() }

// Failed counts the tests that failed.
func (r *Results) Failed() int {
	failed := 0
	for _, one := range r.Tests {
		if one.Failure != nil {
			failed++
		}
	}
	return failed
}

// suite is what the tests of a run share.
type suite struct {
	set       *ivr.Set
	options   Options
	visits    Visits
	languages []string
	steps     []string
}

func newSuite(set *ivr.Set, options Options) *suite {
	s := &suite{set: set, options: options, visits: NewVisits()}
	for _, view := range set.View() {
		for _, language := range view.Languages {
			if !slices.Contains(s.languages, language) {
				s.languages = append(s.languages, language)
			}
		}
		for _, step := range view.Steps {
			s.steps = append(s.steps, step.Step)
		}
	}
	return s
}

// Run plays the tests of some files on a set of flows, in virtual time. The same
// set and files give the same results.
func Run(set *ivr.Set, files []File, options Options) *Results {
	s := newSuite(set, options)
	results := &Results{}
	for _, file := range files {
		tests, problems := s.read(file, options)
		results.Problems = append(results.Problems, problems...)
		for _, t := range tests {
			results.Tests = append(results.Tests, s.play(t))
		}
	}
	for _, r := range results.Tests {
		results.Problems.Add(r.Position.File, r.Failure)
	}
	results.Visits, results.Coverage = s.visits, s.visits.Coverage(set)
	return results
}

// play plays one test.
func (s *suite) play(t test) Result {
	p := &player{suite: s}
	p.call = simulate.New(s.set, t.flow, t.given.world(), p.event)
	for i := range p.heard { // what was heard before the call's language could be asked
		p.heard[i].call = p.language()
	}
	result := Result{Position: t.document.At(t.node, "").Position, Name: t.name, Flow: t.flow}
	for _, a := range t.actions {
		if err := a.do(p); err != nil {
			node := a.node
			var at failure
			if errors.As(err, &at) {
				node, err = at.node, at.error
			}
			result.Failure = t.document.At(node, "%s", fmt.Sprintf("test %q fails: %v", t.name, err)).
				Hint("mend the flow, or the test if this is meant; `careline flow simulate` tries it by hand")
			break
		}
	}
	result.Lasted = p.call.Now()
	return result
}

func (s *suite) took(edge ivr.EdgeName) { s.visits.Took(edge) }

func (s *suite) hasStep(name string) bool { return slices.Contains(s.steps, name) }

func (s *suite) words(prompt ivr.Prompt) string {
	if words, ok := s.set.Words(prompt); ok {
		return words
	}
	return s.options.Words(prompt)
}

func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func list(names []string) string { return strings.Join(names, ", ") }

func first(names []string) string {
	if len(names) == 0 {
		return "main"
	}
	return names[0]
}

func quoted(text string) string {
	if text == "" {
		return "not given"
	}
	return fmt.Sprintf("%q", text)
}
