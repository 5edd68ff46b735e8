package ivr

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/phi"
	"careline/phi/identifier"
	"careline/problem"
)

// identifying is something that callers are known by: how many keys it has, what it
// can be at all, which is no secret, and where it goes.
type identifying struct {
	digits int
	// ok is nil where any digits will do.
	ok   func(keys string) bool
	into func(*Claim, phi.Digits)
}

// identifyings are those that a verify step may ask for, by name.
func identifyings() map[string]identifying {
	return map[string]identifying{
		"member_id":                    {memberIDDigits, nil, func(c *Claim, keys phi.Digits) { c.MemberID = keys }},
		"mbi":                          {identifier.MBIPlaces, identifier.KeyedMBI, func(c *Claim, keys phi.Digits) { c.MBIKeys = keys }},
		"date_of_birth":                {dateOfBirthDigits, nil, func(c *Claim, keys phi.Digits) { c.DateOfBirth = keys }},
		"representative_pin":           {pinDigits, nil, func(c *Claim, keys phi.Digits) { c.PIN = keys }},
		"representative_date_of_birth": {dateOfBirthDigits, nil, func(c *Claim, keys phi.Digits) { c.OwnBorn = keys }},
		"authorization_number":         {authorizationDigits, nil, func(c *Claim, keys phi.Digits) { c.Authorization = keys }},
		"npi":                          {npiDigits, identifier.NPI, func(c *Claim, keys phi.Digits) { c.NPI = keys }},
		"tin":                          {tinDigits, identifier.TIN, func(c *Claim, keys phi.Digits) { c.TIN = keys }},
	}
}

// asksOf are the identifiers that each role may be asked for.
func asksOf(who Role) []string {
	member := []string{"member_id", "mbi", "date_of_birth"}
	switch who {
	case RoleRepresentative:
		return append(member, "representative_pin", "representative_date_of_birth", "authorization_number")
	case RoleProvider:
		return append([]string{"npi", "tin"}, member...)
	}
	return member
}

// enough reports whether what is asked for can tell who a caller is; if not, example
// would.
func enough(who Role, asked []string) (example string, ok bool) {
	has := func(names ...string) (n int) {
		for _, name := range asked {
			if slices.Contains(names, name) {
				n++
			}
		}
		return n
	}
	member := has("member_id", "mbi") == 1 && has("date_of_birth") == 1
	switch who {
	case RoleRepresentative:
		return "[member_id, date_of_birth, representative_pin]", member && has("representative_pin", "representative_date_of_birth", "authorization_number") > 0
	case RoleProvider:
		return "[npi, tin, member_id, date_of_birth]", member && has("npi") == 1 && has("tin") == 1
	}
	return "[member_id, date_of_birth]", member
}

// who reads as whom callers are verified.
func (p *parser) who(node *yaml.Node) Role {
	if node.Kind == 0 {
		return RoleMember
	}
	if !slices.Contains(roleNames(), node.Value) {
		p.add(p.at(node, "nobody is verified as %q", node.Value).Hint("%s", didYouMean(node.Value, roleNames(), "write one of ")))
		return RoleMember
	}
	return Role(node.Value)
}

// verifyFields reads what is asked for, and the prompts that ask.
func (p *parser) verifyFields(s *step, who Role, detail *verifyDetail) []verifyField {
	asked := p.scalars(&detail.Ask, "what a caller is known by, as member_id,")
	allowed := asksOf(who)
	p.mapping(&detail.Prompts, "prompts", "prompts: {member_id: ask-member-id}")
	for _, pair := range problem.Pairs(&detail.Prompts) {
		if !slices.Contains(allowed, pair.Key.Value) {
			p.add(p.at(pair.Key, "%q is not asked for", pair.Key.Value).Hint("%s", didYouMean(pair.Key.Value, allowed, "what can be asked for is ")))
		}
	}
	var fields []verifyField
	var names []string
	before := len(p.list)
	for _, n := range asked {
		kind, known := identifyings()[n.Value]
		switch {
		case !known:
			p.add(p.at(n, "nobody can be verified by %q", n.Value).Hint("%s", didYouMean(n.Value, allowed, "what can be asked for is ")))
			continue
		case !slices.Contains(allowed, n.Value):
			p.add(p.at(n, "a %s is not asked for %q", who, n.Value).Hint("leave it out, or write `who:` for whom it is asked"))
			continue
		case slices.Contains(names, n.Value):
			p.add(p.at(n, "%q is asked for twice", n.Value).Hint("leave one out"))
			continue
		}
		field := verifyField{name: n.Value, identifying: kind, row: []promptUse{{name: "ask-" + strings.ReplaceAll(n.Value, "_", "-"), node: n}}}
		if own := problem.Get(&detail.Prompts, n.Value); own != nil {
			field.row = p.prompts(own)
		}
		fields, names = append(fields, field), append(names, n.Value)
	}
	if example, ok := enough(who, names); !ok && len(p.list) == before {
		p.notEnough(s, who, detail, example)
	}
	return fields
}

// notEnough tells of a step that could not know a caller by what it asks for.
func (p *parser) notEnough(s *step, who Role, detail *verifyDetail, example string) {
	at := &detail.Ask
	if at.Kind == 0 {
		at = s.node
	}
	switch who {
	case RoleRepresentative:
		p.add(p.at(at, "step %q must ask for the member, and for who speaks for her", s.name).Hint("write `ask: %s`, or representative_date_of_birth or authorization_number in the PIN's place", example))
	case RoleProvider:
		p.add(p.at(at, "step %q must ask for both of a provider's numbers, and for the member", s.name).Hint("write `ask: %s`: an NPI is public and knows nobody by itself", example))
	default:
		p.add(p.at(at, "step %q must ask for both member_id and date_of_birth", s.name).Hint("write `ask: %s`, or mbi in the place of member_id: one of the two is not enough to know a caller by", example))
	}
}
