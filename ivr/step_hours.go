package ivr

import (
	"maps"
	"slices"

	"gopkg.in/yaml.v3"

	"careline/ivr/calendar"
	"careline/problem"
)

// hoursAction goes on by whether a calendar is open now.
type hoursAction struct {
	name    string
	hours   *calendar.Hours
	open    edge
	closed  edge
	holiday edge
	// ofHoliday: the step has a way of its own for holidays.
	ofHoliday bool
}

type hoursText struct {
	Hours   string    `yaml:"hours"`
	Open    string    `yaml:"open"`
	Closed  string    `yaml:"closed"`
	Holiday yaml.Node `yaml:"holiday"`
	Label   string    `yaml:"label"`
}

func (p *parser) hours(s *step, node *yaml.Node) action {
	var text hoursText
	p.decode(node, &text)
	at := problem.Get(node, "hours")
	a := &hoursAction{
		name: text.Hours, hours: p.set.environment.Calendars[text.Hours],
		open:   p.onward(s, node, "open", onward, "name the step for callers who come while it is open"),
		closed: p.onward(s, node, "closed", onward, "name the step for callers who come while it is closed: they must not be sent away without help"),
	}
	switch {
	case a.name == "":
		p.add(p.at(at, "step %q names no calendar", s.name).Hint("write `hours: member_services`, and say in calendars.yaml when that is open"))
	case a.hours == nil:
		names := slices.Collect(maps.Keys(p.set.environment.Calendars))
		p.add(p.at(at, "there is no calendar %q", a.name).Hint("%s", didYouMean(a.name, names, "calendars.yaml has ")))
	}
	if text.Holiday.Kind != 0 {
		a.holiday, a.ofHoliday = p.onward(s, node, "holiday", onward, whyNext), true
		if a.hours != nil && len(a.hours.Holidays) == 0 {
			p.add(p.at(&text.Holiday, "calendar %q has no holiday, so this way is never taken", a.name).Hint("name its holidays in calendars.yaml, or remove \"holiday\""))
		}
	}
	return a
}

func (*hoursAction) verb() string         { return "hours" }
func (*hoursAction) prompts() []promptUse { return nil }
func (*hoursAction) touches() []touch     { return nil }

func (a *hoursAction) edges() []*edge {
	edges := []*edge{&a.open, &a.closed}
	if a.ofHoliday {
		edges = append(edges, &a.holiday)
	}
	return edges
}

func (a *hoursAction) enter(r *Run) {
	switch state, _ := a.hours.At(r.line.Now()); {
	case state == calendar.Open:
		r.follow(&a.open)
	case state == calendar.ClosedForHoliday && a.ofHoliday:
		r.follow(&a.holiday)
	default:
		r.follow(&a.closed)
	}
}
