package config

import (
	"time"

	"careline/call"
	"careline/ivr"
	"careline/ivr/calendar"
	"careline/lookup"
	"careline/problem"
	"careline/sip/dialplan"
)

// rest is what a script is read against: all that stays as it is while the server
// runs. A document that couldn't be read is nil.
type rest struct {
	doc, queuesDoc, agentsDoc *problem.Document
	site                      siteFile
	lines                     []line
	plan                      *dialplan.Plan
	services                  []lookup.Service
	people                    []person
	// staffed: agents.yaml has no mistake.
	staffed bool
	law     law
}

// script is what may change while calls are up: the flows, and what they play.
type script struct {
	sounds sounds
	flows  *ivr.Set // nil where they have mistakes
	lines  map[string]call.Line
	// lookUps by name.
	lookUps map[string]*lookup.Definition
	// calendars say when lines are open.
	calendars map[string]*calendar.Hours
	// boxes that messages are left in.
	boxes map[string]call.Box
	// outside is whom flows may call.
	outside call.Outside
	// testing is what is expected of the flows.
	testing Testing
}

// noonOf is a moment of a day written as YYYY-MM-DD.
func noonOf(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return time.Time{}
	}
	return t.Add(12 * time.Hour)
}

func (s script) fill(content *call.Content) {
	content.Prompts, content.Music = s.sounds.prompts, s.sounds.music
	content.Flows, content.Lines, content.LookUps, content.Boxes = s.flows, s.lines, s.lookUps, s.boxes
	content.Outside = s.outside
}

// script reads a script and checks it against the rest, as of today.
func (r *reader) script(rest rest, today string) script {
	codecs := spoken(rest.site.Media, rest.people)
	s := script{sounds: r.sounds(rest.site.Media, codecs)}
	s.sounds.fallback = rest.site.Speech.fallbacks()
	s.sounds.standIn(s.sounds.fallback)
	s.sounds.pauses(r.known.silence(codecs))
	s.sounds.speak = r.speaker(rest.site, s.sounds, codecs)
	s.lookUps = r.lookUps(rest.services)
	s.calendars = r.calendars(rest.site.Site.Zone.Location, noonOf(today))
	s.boxes = r.boxes(rest.site.Site.Zone.Location, queueNames(rest.lines), rest.site.Recordings.classes(), s.calendars)
	s.outside = r.outside(rest, s.calendars, noonOf(today))
	if rest.queuesDoc != nil {
		s.flows = r.flows(s, rest)
	}
	if rest.doc != nil {
		r.told(rest.doc, rest.site.Verification, s.lookUps)
		s.lines = r.lines(rest.doc, rest.site.Lines, rest.site.Recordings, s.flows)
	}
	if rest.queuesDoc != nil && s.flows != nil {
		r.callBacks(rest, s.flows)
	}
	if rest.queuesDoc != nil && rest.staffed && len(rest.law.states) > 0 {
		r.coverage(rest.queuesDoc, rest.lines, rest.people, rest.law, today, s.flows)
	}
	if s.flows != nil && rest.agentsDoc != nil {
		r.idle(rest.agentsDoc, rest.queuesDoc, rest.lines, rest.people, s.flows, s.lines)
	}
	s.testing = r.testing(rest, s)
	return s
}
