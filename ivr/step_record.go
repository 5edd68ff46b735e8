package ivr

import (
	"regexp"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

var recordingName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// recordAction records a statement of the caller's.
type recordAction struct {
	row          []promptUse
	request      RecordRequest
	next, silent edge
	failed       edge
}

type recordText struct {
	Record recordDetail `yaml:"record"`
	Next   string       `yaml:"next"`
	Silent string       `yaml:"silent"`
	Failed string       `yaml:"failed"`
	Label  string       `yaml:"label"`
}

type recordDetail struct {
	Ask      yaml.Node `yaml:"ask"`
	Kind     yaml.Node `yaml:"kind"`
	Keep     yaml.Node `yaml:"keep"`
	Max      yaml.Node `yaml:"max"`
	Silence  yaml.Node `yaml:"silence"`
	Shortest yaml.Node `yaml:"shortest"`
}

func (p *parser) record(s *step, node *yaml.Node) action {
	var text recordText
	at := problem.Get(node, "record")
	if at.Kind != yaml.MappingNode {
		p.add(p.at(at, "step %q doesn't say what is recorded", s.name).Hint("write `record: {ask: ask-consent, kind: consent}`"))
		return nil
	}
	p.decode(node, &text)
	detail := text.Record
	a := &recordAction{
		row:     p.prompts(&detail.Ask),
		request: RecordRequest{Kind: detail.Kind.Value, Keep: detail.Keep.Value},
		next:    p.onward(s, node, "next", chosen, "name the step that follows when the caller has spoken"),
		silent:  p.onward(s, node, "silent", silent, "name the step for a caller who says nothing"),
		failed:  p.onward(s, node, "failed", onward, "name the step for when it can't be recorded: a person, or another way to go on"),
	}
	p.limits(&a.request, detail.limits(), DefaultStatementMax, DefaultStatementSilence, DefaultShortestStatement)
	if len(a.row) == 0 {
		p.add(p.at(s.node, "step %q records without asking", s.name).Hint("say what the caller should say, as in `ask: {en-US: Please say your name and that you agree, then press pound.}`"))
	}
	switch {
	case detail.Kind.Kind == 0:
		p.add(p.at(at, "step %q doesn't say what its recording is", s.name).Hint("name it, as in `kind: consent`"))
	case !recordingName.MatchString(a.request.Kind):
		p.add(p.at(&detail.Kind, "%q can't name a kind of recording", a.request.Kind).Hint("use small letters, digits, _ and -, as in `kind: consent`"))
	}
	if detail.Keep.Kind != 0 && !recordingName.MatchString(a.request.Keep) {
		p.add(p.at(&detail.Keep, "%q can't name a class of retention", a.request.Keep).Hint("use small letters, digits, _ and -"))
	}
	return a
}

// recordingLimits are the keys that end a recording.
type recordingLimits struct{ max, silence, shortest *yaml.Node }

func (d *recordDetail) limits() recordingLimits {
	return recordingLimits{&d.Max, &d.Silence, &d.Shortest}
}

// limits reads when a recording ends.
func (p *parser) limits(to *RecordRequest, from recordingLimits, most, silence, shortest time.Duration) {
	to.Max = p.duration(from.max, most, MinRecording, MaxRecording)
	to.Silence = p.duration(from.silence, silence, MinRecordingSilence, MaxRecordingSilence)
	to.Shortest = p.duration(from.shortest, shortest, 0, MaxShortest)
	if to.Shortest >= to.Max {
		p.add(p.at(from.shortest, "what is shorter than %s is not kept, and nothing may be longer than %s", short(to.Shortest), short(to.Max)).Hint("lower \"shortest\""))
	}
}

// class checks how long what is recorded is kept.
func (c *checker) class(f *flow, s *step, keep string) {
	if classes := c.set.environment.Classes; keep != "" && classes != nil && !slices.Contains(classes, keep) {
		c.add(f.source.at(s.node, "step %q keeps its recording by %q, which is no class of retention", s.name, keep).
			Hint("%s", didYouMean(keep, classes, "recordings.keep in careline.yaml has ")))
	}
}

func (*recordAction) verb() string           { return "record" }
func (a *recordAction) edges() []*edge       { return []*edge{&a.next, &a.silent, &a.failed} }
func (a *recordAction) prompts() []promptUse { return a.row }
func (*recordAction) touches() []touch       { return nil }

// presses are none: the caller speaks.
func (*recordAction) presses(*edge) int { return 0 }

func (a *recordAction) enter(r *Run) {
	r.speak(r.row(a.row), speech{bargeIn: true, then: func() {
		r.record(a.request, nil, func(outcome RecordOutcome) {
			switch outcome {
			case Spoken:
				r.keep(func(kept bool) {
					if kept {
						r.follow(&a.next)
					} else {
						r.follow(&a.failed)
					}
				})
			case NothingSaid:
				r.follow(&a.silent)
			default:
				r.follow(&a.failed)
			}
		})
	}})
}
