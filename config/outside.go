package config

import (
	"errors"
	"maps"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"careline/acd"
	"careline/call"
	"careline/ivr/calendar"
	"careline/problem"
	"careline/sip"
	"careline/sip/dialplan"
)

const (
	outsideName = "outside.yaml"
	// anyState is the word for all states.
	anyState = "all"
	// lookAhead is how far a list's hours are looked at, and lookEvery how closely.
	lookAhead = 28 * 24 * time.Hour
	lookEvery = 30 * time.Minute
)

// outside reads outside.yaml against the dial plan, the agents and the calendars.
func (r *reader) outside(rest rest, calendars map[string]*calendar.Hours, now time.Time) call.Outside {
	all := call.Outside{Numbers: map[string]sip.Number{}, OnCall: map[string]*call.OnCall{}}
	if !r.exists(outsideName) {
		return all
	}
	doc := r.document(outsideName)
	if doc == nil {
		return all
	}
	var file struct {
		Numbers map[string]string    `yaml:"numbers"`
		OnCall  map[string]yaml.Node `yaml:"on_call"`
	}
	r.problems.Add(doc.File, doc.Decode(doc.Root, &file))
	o := &outsideReader{reader: r, doc: doc, rest: rest, calendars: calendars, now: now}
	for _, pair := range problem.Pairs(problem.Get(doc.Root, "numbers")) {
		o.named(pair)
		o.allowed(pair.Value, pair.Value.Value)
		all.Numbers[pair.Key.Value] = sip.NewNumber(pair.Value.Value)
	}
	for _, pair := range problem.Pairs(problem.Get(doc.Root, "on_call")) {
		o.named(pair)
		keys := onCallDefaults()
		if err := doc.Decode(pair.Value, &keys); err != nil {
			r.problems.Add(doc.File, err)
			continue
		}
		all.OnCall[pair.Key.Value] = o.list(pair, keys)
	}
	return all
}

// outsideReader reads one file.
type outsideReader struct {
	*reader
	doc       *problem.Document
	rest      rest
	calendars map[string]*calendar.Hours
	now       time.Time
}

func (o *outsideReader) named(pair problem.Pair) {
	if !plainName.MatchString(pair.Key.Value) {
		o.add(o.doc.At(pair.Key, "%q can't be a name here", pair.Key.Value).Hint("begin with a lower-case letter; then letters, digits, _ or -"))
	}
}

// allowed makes sure that a number may be dialed. The problem doesn't quote it.
func (o *outsideReader) allowed(node *yaml.Node, number string) {
	if why := mayDial(o.rest.plan, number); why != "" {
		o.add(o.doc.At(node, "this number can't be called: %s", why).Hint("allow it in %s, over a trunk of %s", dialplanFile, trunksFile))
	}
}

// mayDial says why the dial plan doesn't let a number be called; empty if it does.
func mayDial(plan *dialplan.Plan, number string) string {
	if plan == nil {
		return "there is no " + dialplanFile + ", so no number may be dialed"
	}
	_, err := plan.Route(number)
	switch {
	case errors.Is(err, dialplan.ErrNotANumber):
		return "it is no telephone number"
	case err != nil:
		return "the dial plan doesn't allow it"
	}
	return ""
}

func (o *outsideReader) list(pair problem.Pair, keys onCallKeys) *call.OnCall {
	o.bounds(o.doc, pair.Value, keys)
	list := &call.OnCall{Ring: keys.Ring, Accept: keys.Accept, Spacing: keys.Spacing, Rounds: keys.Rounds}
	people := at(pair.Value, "people")
	switch n := len(keys.People); {
	case n == 0:
		o.add(o.doc.At(pair.Key, "nobody is on call by list %q", pair.Key.Value).Hint(`write people: [{agent: nora, number: "+12025550142"}]`))
		return list
	case n > call.MaxOnCallPeople:
		o.add(o.doc.At(people, "list %q has %d people", pair.Key.Value, n).Hint("at most %d are called: an urgent caller doesn't wait for more", call.MaxOnCallPeople))
	}
	var hours []*calendar.Hours
	for i, one := range keys.People {
		person, on := o.person(item(people, i), one)
		list.People = append(list.People, person)
		hours = append(hours, on)
	}
	o.gap(pair, hours)
	return list
}

func (o *outsideReader) person(node *yaml.Node, keys personKeys) (call.OnCallPerson, *calendar.Hours) {
	who := call.OnCallPerson{Name: keys.Name, Number: sip.NewNumber(keys.Number), Agent: acd.AgentID(keys.Agent), AnyState: slices.Contains(keys.States, anyState), States: keys.States}
	if keys.Number == "" {
		o.add(o.doc.At(node, "this one has no number").Hint(`add number: "+12025550142"`))
	} else {
		o.allowed(at(node, "number"), keys.Number)
	}
	o.licenses(node, keys, &who)
	if who.Name == "" && keys.Agent == "" {
		o.add(o.doc.At(node, "this one has no name, and so records couldn't say who was called").Hint("add name"))
	}
	if keys.Hours == "" {
		return who, nil
	}
	hours := o.calendars[keys.Hours]
	if hours == nil {
		o.add(unknown(o.doc, at(node, "hours"), "a calendar of "+calendarsName, keys.Hours, slices.Sorted(maps.Keys(o.calendars))))
		return who, nil
	}
	who.Duty = func(now time.Time) bool { state, _ := hours.At(now); return state == calendar.Open }
	return who, hours
}

// licenses makes sure that somebody's licenses count, and whose.
func (o *outsideReader) licenses(node *yaml.Node, keys personKeys, who *call.OnCallPerson) {
	switch {
	case (keys.Agent == "") == (len(keys.States) == 0):
		o.add(o.doc.At(node, "either an agent's licenses count here, or the states that you vouch for").
			Hint("write agent: nora, or states: [WI, IL], or states: [all]"))
		return
	case keys.Agent == "":
		for i, state := range keys.States {
			if known := o.rest.law.states; state != anyState && len(known) > 0 && !slices.Contains(known, state) {
				o.add(unknown(o.doc, item(at(node, "states"), i), "a state", state, known))
			}
		}
		return
	}
	place := slices.IndexFunc(o.rest.people, func(p person) bool { return string(p.ID) == keys.Agent })
	if place < 0 {
		if len(o.rest.people) > 0 {
			names := make([]string, len(o.rest.people))
			for i, p := range o.rest.people {
				names[i] = string(p.ID)
			}
			o.add(unknown(o.doc, at(node, "agent"), "an agent of agents.yaml", keys.Agent, names))
		}
		return
	}
	agent := o.rest.people[place]
	if who.Name == "" {
		who.Name = agent.Name
	}
	today := o.now.Format(time.DateOnly)
	if !slices.ContainsFunc(agent.Credentials, func(c acd.Credential) bool { return c.Status == "active" && c.Expires >= today && !c.Excluded }) {
		o.warn(o.doc.At(at(node, "agent"), "%s has no license that is good today, and is never called", keys.Agent).Hint("renew it in agents.yaml, or take the entry out"))
	}
}

// gap finds a time at which nobody of a list is on call.
func (o *outsideReader) gap(pair problem.Pair, hours []*calendar.Hours) {
	if slices.Contains(hours, nil) { // always on call
		return
	}
	begin := o.now.Truncate(24 * time.Hour)
	for when := begin; when.Before(begin.Add(lookAhead)); when = when.Add(lookEvery) {
		if slices.ContainsFunc(hours, func(h *calendar.Hours) bool { state, _ := h.At(when); return state == calendar.Open }) {
			continue
		}
		local := when.In(o.rest.site.Site.Zone.Location)
		o.add(o.doc.At(pair.Key, "nobody of list %q is on call on %s at %s, for one", pair.Key.Value, local.Format("Monday, January 2"), local.Format("15:04")).
			Hint("add somebody without hours, or mend the calendars: callers in need come at any hour"))
		return
	}
}
