package config

import (
	"cmp"
	"maps"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"

	"careline/call"
	"careline/ivr"
	"careline/lookup"
	"careline/member"
	"careline/problem"
)

// flows loads the folder flows against what it may name.
func (r *reader) flows(s script, rest rest) *ivr.Set {
	sounds := s.sounds
	queues := map[string]ivr.Queue{}
	for _, l := range rest.lines {
		queues[l.Name] = ivr.Queue{Credential: string(l.Credential), Agents: agentsOf(l, rest.people)}
	}
	facts := map[string]ivr.FactKind{}
	for name, kind := range member.Facts() {
		facts[name] = ivr.FactKind(kind)
	}
	environment := ivr.Environment{
		Languages: sounds.languages(),
		HasPrompt: func(language, name string) bool {
			_, ok := sounds.prompts[ivr.Prompt{Language: language, Name: name}]
			return ok
		},
		Speak:    sounds.speak,
		Fallback: sounds.fallback,
		Prompts:  sounds.names(),
		Music:    slices.Sorted(maps.Keys(sounds.music)),
		Queues:   queues,
		Facts:    facts,
		OnCall:   append([]string{}, slices.Sorted(maps.Keys(s.outside.OnCall))...),
		Numbers:  slices.Sorted(maps.Keys(s.outside.Numbers)),
		MayDial: func(number string) string {
			if _, named := s.outside.Numbers[number]; named { // said where it is written
				return ""
			}
			return mayDial(rest.plan, number)
		},
		Calendars: s.calendars, ProviderMay: rest.site.Verification.ProviderMay,
		Zone:    rest.site.Site.Zone.Location,
		LookUps: asked(s.lookUps, rest.services),
		Beside:  slices.Concat(r.raw[lookUpsName], r.raw[calendarsName], r.raw[boxesName], r.raw[outsideName]),
		Classes: rest.site.Recordings.classes(),
		Boxes:   append([]string{}, slices.Sorted(maps.Keys(s.boxes))...),
		States:  rest.law.states,

		PersonWithin: rest.site.Callers.PersonWithin, LongestSilence: rest.site.Callers.LongestSilence, LongestAnswer: rest.site.Callers.LongestAnswer,
	}
	if r.inventory {
		unheard(&environment)
	}
	set, err := ivr.Load(r.files, "flows", environment)
	r.problems.Add("flows", err)
	if err != nil {
		return nil
	}
	return set
}

// asked gives look-ups as flows know them.
func asked(lookUps map[string]*lookup.Definition, services []lookup.Service) map[string]ivr.LookUp {
	known := map[string]ivr.LookUp{}
	for name, d := range lookUps {
		look := ivr.LookUp{Takes: map[string]ivr.Taking{}, Gives: map[string]string{}, Public: d.Public()}
		for value, taking := range d.With() {
			look.Takes[value] = ivr.Taking(taking)
		}
		for field, kind := range d.Fields() {
			if look.Gives[field] = string(kind); kind == lookup.AsCount {
				look.Gives[field] = string(lookup.AsNumber)
			}
		}
		for _, service := range services {
			if service.Name == d.Service() {
				look.Time = cmp.Or(service.Time, lookup.DefaultTime)
			}
		}
		known[name] = look
	}
	return known
}

// agentsOf sums up what the agents of a queue bring along; nil if the agents
// could not be read.
func agentsOf(l line, people []person) *ivr.Agents {
	if len(people) == 0 {
		return nil
	}
	sum := &ivr.Agents{Skills: map[string]int{}, Relaxes: l.RelaxEvery > 0}
	for _, who := range serving(l, people) {
		for _, license := range who.Credentials {
			if kind := string(license.Type); !slices.Contains(sum.Credentials, kind) {
				sum.Credentials = append(sum.Credentials, kind)
			}
		}
		for skill, level := range who.Skills {
			sum.Skills[skill] = max(level, sum.Skills[skill])
		}
	}
	return sum
}

// What a trunk may dial: the user part of a SIP address.
var dialable = regexp.MustCompile(`^\+?[A-Za-z0-9*#._-]{1,32}$`)

// beginning makes sure that a call may begin in a flow: one that is meant to be
// entered by transfer may rely on what was done before it.
func (r *reader) beginning(doc *problem.Document, node *yaml.Node, number, flow string, flows *ivr.Set) {
	var list problem.List
	list.Add("flows", flows.CheckEntry(flow))
	for _, p := range list {
		r.add(doc.At(node, "calls to %q can't begin in flow %q, which is for calls that come from another flow: %s", number, flow, p.Message).
			Hint("begin in a flow that does what this one relies on, or mend %s", p.Position))
	}
}

// emergencyNotices are what a line may say of its notice.
func emergencyNotices() []string { return []string{"required", "not_needed"} }

// notice makes sure that callers of a line hear what to do in an emergency.
func (r *reader) notice(doc *problem.Document, value *yaml.Node, number string, line lineKeys, flows *ivr.Set) {
	switch required := line.EmergencyNotice == "required"; {
	case line.EmergencyNotice != "" && !slices.Contains(emergencyNotices(), line.EmergencyNotice):
		r.add(unknown(doc, at(value, "emergency_notice"), "a choice", line.EmergencyNotice, emergencyNotices()))
	case required, line.EmergencyNotice == "" && flows.Clinical(line.Flow):
		var list problem.List
		list.Add("flows", flows.CheckNotice(line.Flow, ivr.EmergencyNotice))
		for _, p := range list {
			r.add(doc.At(at(value, "flow"), "callers of %q hear no emergency notice: %s", number, p.Message).
				Hint("%s (%s); or write emergency_notice: not_needed for this line", p.Advice, p.Position))
		}
	}
}

// lines checks the dialed numbers; flows is nil where they could not be loaded.
func (r *reader) lines(doc *problem.Document, keys map[string]lineKeys, recordings recordingsKeys, flows *ivr.Set) map[string]call.Line {
	section := at(doc.Root, "lines")
	lines := map[string]call.Line{}
	for _, pair := range problem.Pairs(section) {
		number := pair.Key.Value
		if !dialable.MatchString(number) {
			r.add(doc.At(pair.Key, "%q can't be dialed", number).Hint(`write the number as the trunk sends it, in quotes, as "5550100"`))
		}
		line := keys[number]
		if pair.Value.Kind != yaml.MappingNode {
			continue // complained of by the decoder
		}
		switch {
		case line.Flow == "":
			r.add(doc.At(pair.Key, "line %q has no flow", number).Hint("add flow, as in {name: Member services, flow: member-services}"))
		case flows != nil && !flows.Has(line.Flow):
			r.add(unknown(doc, at(pair.Value, "flow"), "a flow", line.Flow, flows.Flows()))
		case flows != nil:
			r.beginning(doc, at(pair.Value, "flow"), number, line.Flow, flows)
			r.notice(doc, pair.Value, number, line, flows)
		}
		if line.Name == "" {
			r.add(doc.At(pair.Key, "line %q has no name", number).Hint("add name, as agents and records call it"))
		}
		r.bounds(doc, pair.Value, line)
		if flows != nil {
			if err := flows.CheckPatience(line.Flow, line.Patience); err != nil {
				r.add(doc.At(at(pair.Value, "patience"), "line %q has too much patience: %v", number, err).Hint("lower patience, shorten the flow's timing, or raise callers.longest_answer"))
			}
		}
		lines[number] = call.Line{Name: line.Name, Flow: line.Flow, Patience: line.Patience,
			Record: r.recorded(doc, pair.Value, number, line, recordings, flows)}
	}
	if len(lines) == 0 {
		r.add(doc.At(section, "there are no lines: every call would be refused").Hint(`add one, as in "5550100": {name: Member services, flow: member-services}`))
	}
	return lines
}
