package config

import (
	"io/fs"
	"regexp"

	"careline/call"
	"careline/ivr"
	"careline/member"
	"careline/problem"
)

// flows loads the folder flows against what it may name.
func (r *reader) flows(sounds sounds, lines []line, law law) *ivr.Set {
	queues := map[string]ivr.Queue{}
	for _, l := range lines {
		queues[l.Name] = ivr.Queue{Credential: string(l.Credential)}
	}
	facts := map[string]ivr.FactKind{}
	for name, kind := range member.Facts() {
		facts[name] = ivr.FactKind(kind)
	}
	set, err := ivr.Load(r.files, "flows", ivr.Environment{
		Languages: sounds.languages(),
		HasPrompt: func(language, name string) bool {
			_, ok := sounds.prompts[ivr.Prompt{Language: language, Name: name}]
			return ok
		},
		HasMusic: func(name string) bool { return sounds.music[name] != nil },
		Queues:   queues,
		Facts:    facts,
		States:   law.states,
	})
	r.problems.Add("flows", err)
	if err != nil {
		return nil
	}
	return set
}

// members loads members.yaml. Its problems never quote a value.
func (r *reader) members() *member.Embedded {
	const file = "members.yaml"
	raw, err := fs.ReadFile(r.files, file)
	if err != nil {
		r.document(file)
		return nil
	}
	r.raw[file] = raw
	directory, err := member.LoadDirectory(file, raw)
	r.problems.Add(file, err)
	return directory
}

// What a trunk may dial: the user part of a SIP address.
var dialable = regexp.MustCompile(`^\+?[A-Za-z0-9*#._-]{1,32}$`)

// lines checks the dialed numbers; flows is nil where they could not be loaded.
func (r *reader) lines(doc *problem.Document, keys map[string]lineKeys, flows *ivr.Set) map[string]call.Line {
	section := at(doc.Root, "lines")
	lines := map[string]call.Line{}
	for _, pair := range problem.Pairs(section) {
		number := pair.Key.Value
		if !dialable.MatchString(number) {
			r.add(doc.At(pair.Key, "%q can't be dialed", number).Hint(`write the number as the trunk sends it, in quotes, as "5550100"`))
		}
		line := keys[number]
		switch {
		case line.Flow == "":
			r.add(doc.At(pair.Key, "line %q has no flow", number).Hint("add flow, as in {name: Member services, flow: member-services}"))
		case flows != nil && !flows.Has(line.Flow):
			r.add(unknown(doc, at(pair.Value, "flow"), "a flow", line.Flow, flows.Flows()))
		}
		if line.Name == "" {
			r.add(doc.At(pair.Key, "line %q has no name", number).Hint("add name, as agents and records call it"))
		}
		lines[number] = call.Line{Name: line.Name, Flow: line.Flow}
	}
	if len(lines) == 0 {
		r.add(doc.At(section, "there are no lines: every call would be refused").Hint(`add one, as in "5550100": {name: Member services, flow: member-services}`))
	}
	return lines
}
