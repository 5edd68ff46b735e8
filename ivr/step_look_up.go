package ivr

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/phi"
	"careline/problem"
)

// lookUpAction asks a service outside.
type lookUpAction struct {
	name  string
	node  *yaml.Node
	with  []handed
	row   []promptUse
	gives map[string]string
	// public: what is found is nobody's data.
	public  bool
	next    edge
	missing edge
	failed  edge
}

// handed is a value of a look-up.
type handed struct {
	assignment
	// fact of the member that it is; empty for none.
	fact string
	// takes says whose data it may be.
	takes Taking
}

type lookUpText struct {
	LookUp  yaml.Node `yaml:"look_up"`
	Next    string    `yaml:"next"`
	Missing string    `yaml:"missing"`
	Failed  string    `yaml:"failed"`
	Label   string    `yaml:"label"`
}

type lookUpDetail struct {
	Name string    `yaml:"name"`
	With yaml.Node `yaml:"with"`
	// Play is heard meanwhile.
	Play yaml.Node `yaml:"play"`
}

// factName is a member's fact that is handed over: {{ member.id }}.
var factName = regexp.MustCompile(`^member\.([a-z][a-z0-9_]*)$`)

func (p *parser) lookUp(s *step, node *yaml.Node) action {
	var text lookUpText
	p.decode(node, &text)
	at := problem.Get(node, "look_up")
	a := &lookUpAction{
		name: at.Value, node: at,
		next:    p.onward(s, node, "next", onward, "name the step that follows when it is found"),
		missing: p.onward(s, node, "missing", onward, "name the step for a caller for whom there is nothing"),
		failed:  p.onward(s, node, "failed", onward, "name the step for when the service doesn't answer: a person, or another way to help"),
	}
	if at.Kind != yaml.ScalarNode {
		var detail lookUpDetail
		p.decode(at, &detail)
		a.name, a.row = detail.Name, p.prompts(&detail.Play)
		for _, value := range p.with(&detail.With) {
			h := handed{assignment: value, takes: TakesPublic}
			if value.expression != nil {
				if m := factName.FindStringSubmatch(value.expression.text); m != nil {
					h.fact = m[1]
				}
			}
			a.with = append(a.with, h)
		}
		if name := problem.Get(at, "name"); name != nil {
			a.node = name
		}
	}
	if a.name == "" {
		p.add(p.at(at, "step %q names no look-up", s.name).Hint("write `look_up: {name: copay, with: {member: \"{{ member.id }}\"}}`, and say in lookups.yaml what that is"))
	}
	look, known := p.set.environment.LookUps[a.name]
	if !known && a.name != "" {
		p.add(p.at(a.node, "there is no look-up %q", a.name).Hint("%s", didYouMean(a.name, slices.Collect(maps.Keys(p.set.environment.LookUps)), "lookups.yaml has ")))
	}
	a.gives, a.public = look.Gives, look.Public
	for _, name := range slices.Sorted(maps.Keys(look.Gives)) {
		if kind, ok := kindNamed(look.Gives[name]); ok {
			p.declare(a.node, name, kind)
		}
	}
	p.handed(s, a, look)
	return a
}

// handed checks what a look-up is made with against what it takes.
func (p *parser) handed(s *step, a *lookUpAction, look LookUp) {
	if look.Gives == nil {
		return
	}
	given := map[string]bool{}
	for i, h := range a.with {
		given[h.name] = true
		takes, ok := look.Takes[h.name]
		if !ok {
			p.add(p.at(h.key, "look-up %q takes no %q", a.name, h.name).Hint("%s", didYouMean(h.name, slices.Collect(maps.Keys(look.Takes)), "it takes ")))
			continue
		}
		a.with[i].takes = takes
		if h.fact == "" {
			continue
		}
		if _, ok := p.set.environment.Facts[h.fact]; !ok {
			p.add(p.within(h.node, h.fact, 0, "a member has no fact %q", h.fact).Hint("%s", didYouMean(h.fact, slices.Collect(maps.Keys(p.set.environment.Facts)), "the facts are ")))
		}
		if takes != TakesMember {
			p.add(p.at(h.node, "look-up %q takes no member's data as %q", a.name, h.name).Hint("write `with: {%s: member}` for it in lookups.yaml, if the service may know it", h.name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(look.Takes)) {
		if !given[name] {
			p.add(p.at(a.node, "step %q makes look-up %q without its %q", s.name, a.name, name).Hint("write `with: {%s: …}`", name))
		}
	}
}

// lookUpExpressions compiles what look-ups are given that is computed.
func (c *checker) lookUpExpressions(a *lookUpAction) {
	for _, h := range a.with {
		if h.expression != nil && !h.whole && h.fact == "" {
			c.list = append(c.list, h.expression.compile(c.set)...)
		} else if name := h.variable(); name != "" {
			if _, known := c.set.variables[name]; !known {
				c.add(h.expression.source.within(h.node, name, 0, "no step sets or collects %q", name).Hint("%s", didYouMean(name, slices.Collect(maps.Keys(c.set.variables)), "the variables are ")))
			}
		}
	}
}

// variable is what is handed over whole; empty if it isn't one.
func (h handed) variable() string {
	if h.whole && h.fact == "" {
		return h.expression.text
	}
	return ""
}

func (*lookUpAction) verb() string           { return "look_up" }
func (a *lookUpAction) edges() []*edge       { return []*edge{&a.next, &a.missing, &a.failed} }
func (a *lookUpAction) prompts() []promptUse { return a.row }

// allowed are the labels that a value may have which is taken so.
func (t Taking) allowed() label {
	switch t {
	case TakesMember:
		return labelKeyed | labelMember
	case TakesKeyed:
		return labelKeyed
	}
	return labelPublic
}

func (a *lookUpAction) touches() []touch {
	var all []touch
	for _, h := range a.with {
		for _, name := range h.names() {
			all = append(all, touch{value: name, how: passed, node: h.node, text: strings.TrimSpace(name), takes: h.takes})
		}
	}
	found := labelMember
	if a.public {
		found = labelPublic
	}
	for _, name := range slices.Sorted(maps.Keys(a.gives)) {
		all = append(all, touch{value: name, how: assigned, label: found, on: &a.next})
	}
	return all
}

// names are the values that go out: a fact, a variable, or what it is computed
// from.
func (h handed) names() []string {
	if h.fact != "" {
		return []string{memberPrefix + h.fact}
	}
	return h.reads()
}

func (a *lookUpAction) enter(r *Run) {
	for name := range a.gives {
		r.forget(name) // what an earlier one found is not what this one finds
	}
	request := LookUpRequest{Name: a.name, Values: map[string]phi.String{}, Facts: map[string]string{}}
	var asked []string
	for _, h := range a.with {
		asked = append(asked, h.names()...)
		switch value, ok := a.hand(r, h); {
		case !ok:
			r.follow(&a.failed)
			return
		case h.fact != "":
			request.Facts[h.name] = h.fact
		default:
			request.Values[h.name] = value
		}
	}
	found := labelPublic
	if !a.public {
		found = r.readBy(asked)
	}
	r.lookUpNow(request, r.row(a.row), func(answer LookUpAnswer) {
		switch {
		case answer.Outcome == Found && a.keep(r, answer.Fields, found):
			r.follow(&a.next)
		case answer.Outcome == NothingFound:
			r.follow(&a.missing)
		default:
			r.follow(&a.failed)
		}
	})
}

// hand gives a value to the service, if this caller's may be given to it.
func (a *lookUpAction) hand(r *Run, h handed) (phi.String, bool) {
	names := h.names()
	if !r.may(passed, names...) {
		return phi.String{}, false
	}
	if r.labels(names)&^h.takes.allowed() != 0 {
		r.line.Refused(r.where() + ": " + h.name + " of look-up " + a.name + ": " + notTaken)
		return phi.String{}, false
	}
	if h.fact != "" {
		return phi.String{}, true // which the line reads
	}
	text := h.text
	if name := h.variable(); name != "" {
		text, _ = r.text(name)
	} else if h.expression != nil {
		var err error
		if text, err = h.expression.asText(r); err != nil {
			return phi.String{}, false
		}
	}
	return phi.NewString(text), true
}

// keep writes what was found; false if it isn't what was declared.
func (a *lookUpAction) keep(r *Run, fields map[string]string, found label) bool {
	for name, declared := range a.gives {
		kind, known := kindNamed(declared)
		text, there := fields[name]
		if !known || !there || !kind.holds(text) {
			return false
		}
	}
	for name := range a.gives {
		r.write(name, fields[name], found)
	}
	return true
}

// lookUpNow asks a service while a row plays, and goes on when both are over: a
// caller isn't left in silence, and no word is cut off.
func (r *Run) lookUpNow(request LookUpRequest, row []Prompt, then func(LookUpAnswer)) {
	r.lookUp++
	request.ID = r.lookUp
	var came *LookUpAnswer
	r.looked = func(answer LookUpAnswer) { came = &answer }
	r.line.LookUp(request)
	r.speak(row, speech{then: func() {
		if came != nil {
			r.idle()
			then(*came)
			return
		}
		r.phase, r.looked = lookingUp, then
		r.setTimer(TimerGuard, LookUpGuard)
	}})
}

// LookedUp brings what came of a look-up. One that was given up is ignored.
func (r *Run) LookedUp(id int, answer LookUpAnswer) {
	if r.phase == done || r.looked == nil || id != r.lookUp {
		return
	}
	looked := r.looked
	if r.phase == lookingUp {
		r.idle()
	}
	looked(answer)
}
