package config

import (
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/acd"
	"careline/desk"
	"careline/media"
	"careline/problem"
)

// person is an agent with where the file says so.
type person struct {
	acd.Agent
	password string
	role     desk.Role
	codec    media.Codec // that the agent prefers; CodecNone: what all do
	// extension is what a phone dials for the agent; "" for none.
	extension string
	// value is what the file says of the agent.
	value *yaml.Node
}

var userName = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,31}$`)

// statuses are what a license may be; anything but active keeps calls away.
func statuses() []string {
	return []string{"active", "inactive", "lapsed", "probation", "encumbered", "suspended", "revoked", "surrendered", "pending"}
}

// agents reads agents.yaml. Queues and states are names that must exist; nil if
// they could not be read, and then they are not checked.
func (r *reader) agents(queues, states []string) (*problem.Document, []person) {
	doc := r.document("agents.yaml")
	if doc == nil {
		return nil, nil
	}
	var file struct {
		Agents map[string]agentKeys `yaml:"agents"`
	}
	r.problems.Add(doc.File, doc.Decode(doc.Root, &file))
	section := at(doc.Root, "agents")
	var people []person
	for _, pair := range problem.Pairs(section) {
		name := pair.Key.Value
		if !userName.MatchString(name) {
			r.add(doc.At(pair.Key, "%q can't be a user name", name).
				Hint("begin with a lower-case letter; then letters, digits, dots, dashes, at most 32"))
		}
		people = append(people, r.agent(doc, pair, file.Agents[name], queues, states))
	}
	if len(people) == 0 && len(r.problems) == 0 {
		r.add(doc.At(section, "there are no agents").Hint("add one under agents"))
	}
	return doc, people
}

// listed reports whether a key holds a list, or nothing at all: anything else
// has been complained of.
func listed(node *yaml.Node, key string) bool {
	value := problem.Get(node, key)
	return value == nil || value.Kind == yaml.SequenceNode
}

func (r *reader) agent(doc *problem.Document, pair problem.Pair, keys agentKeys, queues, states []string) person {
	r.agentCodec(doc, pair.Value, keys.Codec)
	who := person{password: keys.Password, role: r.role(doc, pair, keys), codec: keys.Codec.Codec, extension: keys.Extension, value: pair.Value, Agent: acd.Agent{
		ID: acd.AgentID(pair.Key.Value), Name: keys.Name, Queues: keys.Queues, Skills: keys.Skills,
	}}
	if keys.Name == "" {
		r.add(doc.At(pair.Key, "agent %q has no name", pair.Key.Value).Hint("add name, as colleagues know the agent"))
	}
	if !desk.IsPasswordHash(keys.Password) {
		// Never quote it: it may be the password itself.
		r.add(doc.At(at(pair.Value, "password"), "agent %q has no argon2id hash as password", pair.Key.Value).
			Hint("make one with: careline password"))
	}
	if len(keys.Queues) == 0 && listed(pair.Value, "queues") && who.role == desk.RoleAgent {
		r.add(doc.At(pair.Key, "agent %q serves no queue and would never get a call", pair.Key.Value).Hint("add queues, as in [%s]", strings.Join(queues, ", ")))
	}
	for i, queue := range keys.Queues {
		if queues != nil && !slices.Contains(queues, queue) {
			r.add(unknown(doc, item(at(pair.Value, "queues"), i), "a queue", queue, queues))
		}
	}
	for _, skill := range problem.Pairs(problem.Get(pair.Value, "skills")) {
		if level, ok := keys.Skills[skill.Key.Value]; ok && (level < 1 || level > 5) {
			r.add(doc.At(skill.Value, "skill %q has level %d", skill.Key.Value, level).Hint("levels go from 1 (beginner) to 5 (expert)"))
		}
	}
	if len(keys.Languages) == 0 && listed(pair.Value, "languages") && (who.role == desk.RoleAgent || len(keys.Queues) > 0) {
		r.add(doc.At(pair.Key, "agent %q speaks no language", pair.Key.Value).Hint("add languages, as in [en-US]"))
	}
	for _, tag := range keys.Languages {
		who.Languages = append(who.Languages, string(tag))
	}
	for i, license := range keys.Credentials {
		node := item(at(pair.Value, "credentials"), i)
		who.Credentials = append(who.Credentials, r.credential(doc, node, license, states))
	}
	return who
}

// role is what an agent may do beside taking calls; one that doesn't exist gives
// nothing.
func (r *reader) role(doc *problem.Document, pair problem.Pair, keys agentKeys) desk.Role {
	if keys.Role == "" {
		return desk.RoleAgent
	}
	var names []string
	for _, role := range desk.Roles() {
		if keys.Role == string(role) {
			return role
		}
		names = append(names, string(role))
	}
	r.add(unknown(doc, at(pair.Value, "role"), "a role", keys.Role, names))
	return desk.RoleAgent
}

func (r *reader) credential(doc *problem.Document, node *yaml.Node, keys credentialKeys, states []string) acd.Credential {
	if kind := acd.CredentialType(keys.Type); kind != acd.RN && kind != acd.LPN {
		r.add(unknown(doc, at(node, "type"), "a license type", keys.Type, []string{string(acd.RN), string(acd.LPN)}))
	}
	if states != nil && !slices.Contains(states, keys.State) {
		r.add(doc.At(at(node, "state"), "%q is not a state", keys.State).Hint("write its two letters, as WI; licensing.yaml lists them"))
	}
	if keys.Number == "" {
		r.add(doc.At(node, "the license has no number").Hint("add number, as the board of nursing lists it"))
	}
	if problem.Get(node, "expires") == nil {
		r.add(doc.At(node, "the license has no last day").Hint("add expires, as 2027-06-30"))
	}
	switch {
	case keys.Status == "":
		r.add(doc.At(node, "the license has no status").Hint("add status: active, or why it is not"))
	case !slices.Contains(statuses(), keys.Status):
		r.add(unknown(doc, at(node, "status"), "a license's status", keys.Status, statuses()))
	}
	return acd.Credential{
		Type: acd.CredentialType(keys.Type), Number: keys.Number, State: keys.State, Multistate: keys.Multistate,
		Expires: string(keys.Expires), Status: keys.Status, Excluded: keys.Excluded,
	}
}
