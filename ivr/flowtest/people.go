package flowtest

import (
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"careline/ivr"
	"careline/ivr/simulate"
	"careline/phi"
	"careline/phi/identifier"
	"careline/problem"
)

// member reads an invented member.
func (r *reader) member(node *yaml.Node, g *given) {
	if node.Kind != yaml.MappingNode {
		r.add(r.At(node, "here a member is expected").Hint("write `member: {id: \"48201937\", born: 1961-04-12, next_visit: 2027-01-14}`"))
		return
	}
	m := simulate.Member{Facts: map[string]string{}}
	facts := r.suite.set.Facts()
	for _, pair := range problem.Pairs(node) {
		key, value := pair.Key.Value, pair.Value.Value
		switch {
		case pair.Value.Kind != yaml.ScalarNode:
			r.add(r.At(pair.Value, "here a single value is expected"))
		case key == "id":
			m.ID, m.Facts["id"] = phi.NewDigits(value), value
		case key == "born":
			m.Born = r.born(pair.Value)
		case key == "mbi":
			keys := identifier.MBIKeys(identifier.PlainMBI(value))
			if keys == "" {
				r.add(r.At(pair.Value, "%q is no Medicare number", value).Hint("write it as 1EG4-TE5-MK73"))
			}
			m.MBIKeys = phi.NewDigits(keys)
		case facts[key] == "":
			r.stranger(pair.Key, "a member has no fact %q", append(keysOf(facts), "id", "born", "mbi"))
		default:
			m.Facts[key] = value
		}
	}
	if m.ID.Len() == 0 || m.Born.Len() == 0 {
		r.add(r.At(node, "a member without id or born could never be verified").Hint("write both, as in `{id: \"48201937\", born: 1961-04-12}`"))
	}
	g.member = &m
}

// born reads a day as it is keyed in.
func (r *reader) born(node *yaml.Node) phi.Digits {
	born, err := time.Parse(time.DateOnly, node.Value)
	if err != nil {
		r.add(r.At(node, "%q is no day", node.Value).Hint("write it as 1961-04-12"))
	}
	return phi.NewDigits(born.Format("01022006"))
}

// stranger tells of a key that isn't one of those that are known.
func (r *reader) stranger(key *yaml.Node, what string, known []string) {
	p := r.At(key, what, key.Value)
	if near := problem.Nearest(key.Value, known); near != "" {
		r.add(p.Hint("did you mean %q?", near))
	} else {
		r.add(p.Hint("there are %s", list(known)))
	}
}

// representative reads who may speak for the member.
func (r *reader) representative(node *yaml.Node, g *given) {
	const example = "write `representative: {pin: \"482913\", hears: [next_visit]}`"
	who := &simulate.Representative{}
	if node.Kind != yaml.MappingNode {
		r.add(r.At(node, "here a representative is expected").Hint(example))
		return
	}
	for _, pair := range problem.Pairs(node) {
		switch pair.Key.Value {
		case "pin":
			who.PIN = phi.NewDigits(pair.Value.Value)
		case "born":
			who.Born = r.born(pair.Value)
		case "authorization":
			who.Authorization = phi.NewDigits(pair.Value.Value)
		case "hears":
			who.Hears = r.hears(pair.Value)
		default:
			r.stranger(pair.Key, "a representative has no %q", []string{"pin", "born", "authorization", "hears"})
		}
	}
	if who.PIN.Len()+who.Born.Len()+who.Authorization.Len() == 0 {
		r.add(r.At(node, "a representative without pin, born or authorization could never be verified").Hint(example))
	}
	g.representative = who
}

// hears reads what a representative may be told.
func (r *reader) hears(node *yaml.Node) []string {
	facts, lookUps := r.suite.set.Facts(), r.suite.set.LookUps()
	names := []string{}
	nodes := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		nodes = node.Content
	}
	for _, n := range nodes {
		lookUp, isLookUp := strings.CutPrefix(n.Value, ivr.LookUpPrefix)
		_, known := lookUps[lookUp]
		if facts[n.Value] == "" && !(isLookUp && known) {
			r.stranger(n, "a member has no fact %q", keysOf(facts))
		}
		names = append(names, n.Value)
	}
	return names
}

// provider reads an invented office.
func (r *reader) provider(node *yaml.Node, g *given) {
	const example = "write `provider: {npi: \"1234567893\", tin: \"912345678\"}`"
	if node.Kind != yaml.MappingNode {
		r.add(r.At(node, "here a provider is expected").Hint(example))
		return
	}
	p := simulate.Provider{}
	for _, pair := range problem.Pairs(node) {
		switch value := pair.Value.Value; pair.Key.Value {
		case "npi":
			if p.NPI = phi.NewDigits(value); !identifier.NPI(value) {
				r.add(r.At(pair.Value, "%q is no NPI: its check digit is wrong", value).Hint("take 1234567893 or 1558598797"))
			}
		case "tin":
			if p.TIN = phi.NewDigits(value); !identifier.TIN(value) {
				r.add(r.At(pair.Value, "%q is no TIN", value).Hint("write nine digits in quotes"))
			}
		default:
			r.stranger(pair.Key, "a provider has no %q", []string{"npi", "tin"})
		}
	}
	if p.NPI.Len() == 0 || p.TIN.Len() == 0 {
		r.add(r.At(node, "a provider without npi or tin could never be verified").Hint(example))
	}
	g.provider = &p
}
