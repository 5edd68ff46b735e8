package config

import (
	"regexp"

	"careline/acd"
	"careline/problem"
	"careline/sip/dialplan"
)

var (
	extension = regexp.MustCompile(`^[0-9]{2,6}$`)
	// Services that people dial by three digits: N11 (711 is relay, 911 emergency) and
	// the 988 lifeline.
	service = regexp.MustCompile(`^([2-9]11|988)$`)
)

// extensions checks what agents are transferred to by: it must mean one agent, and
// nothing that could be dialed otherwise.
func (r *reader) extensions(doc *problem.Document, people []person, lines map[string]lineKeys, plan *dialplan.Plan) map[acd.AgentID]string {
	all := map[acd.AgentID]string{}
	owner := map[string]acd.AgentID{}
	for _, who := range people {
		if who.extension == "" {
			continue
		}
		node := at(who.value, "extension")
		before := len(r.problems)
		if !extension.MatchString(who.extension) {
			r.add(doc.At(node, "%q is no extension", who.extension).Hint(`write two to six digits in quotes, as "4021"`))
		}
		if service.MatchString(who.extension) {
			r.add(doc.At(node, "%s is a service that callers and agents may need", who.extension).Hint("choose another extension"))
		}
		if other, taken := owner[who.extension]; taken {
			r.add(doc.At(node, "%s has extension %s already", other, who.extension).Hint("give each agent one"))
		}
		if line, taken := lines[who.extension]; taken {
			r.add(doc.At(node, "%s is the line %q, which would be reached instead", who.extension, line.Name).Hint("choose another extension"))
		}
		if plan != nil && len(r.problems) == before {
			if _, err := plan.Route(who.extension); err == nil {
				r.add(doc.At(node, "%s is a number that %s allows, and could not be dialed any more", who.extension, dialplanFile).Hint("choose another extension"))
			}
		}
		if len(who.Queues) == 0 {
			r.add(doc.At(node, "%s serves no queue, so no caller can be transferred there", who.ID).Hint("add queues, or remove the extension"))
		}
		owner[who.extension] = who.ID
		all[who.ID] = who.extension
	}
	return all
}
