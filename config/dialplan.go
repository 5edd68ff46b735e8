package config

import (
	"slices"

	"careline/problem"
	"careline/sip/dialplan"
)

const dialplanFile = "dialplan.yaml"

// dialplan reads dialplan.yaml. Without the file no number may be dialed.
func (r *reader) dialplan(trunks []trunkLine) *dialplan.Plan {
	if !r.exists(dialplanFile) {
		return nil
	}
	doc := r.document(dialplanFile)
	if doc == nil {
		return nil
	}
	keys := dialplanDefaults()
	r.problems.Add(doc.File, doc.Decode(doc.Root, &keys))
	var names []string
	for _, line := range trunks {
		if line.Trunk != nil {
			names = append(names, line.Options().Name)
		}
	}
	options := dialplan.Options{Country: keys.Country}
	for i, rule := range keys.Allow {
		node := item(at(doc.Root, "allow"), i)
		if rule.Numbers == (dialplan.Pattern{}) {
			r.add(doc.At(node, "the rule says no numbers").Hint(`add numbers, as in numbers: "+1NXXNXXXXXX"`))
		}
		if len(rule.Trunks) == 0 {
			r.add(doc.At(node, "the rule names no trunk, so nothing could be dialed by it").Hint("add trunks, as in trunks: [main]"))
		}
		for n, name := range rule.Trunks {
			if !slices.Contains(names, name) {
				r.add(unknown(doc, item(at(node, "trunks"), n), "a trunk of "+trunksFile, name, names))
			}
		}
		if rule.CallerID != "" && !callerID.MatchString(rule.CallerID) {
			r.add(doc.At(at(node, "caller_id"), "the caller ID is no telephone number").Hint(`write it as "+12025550100"`))
		}
		options.Allow = append(options.Allow, dialplan.Rule{Pattern: rule.Numbers, Trunks: rule.Trunks, CallerID: rule.CallerID})
	}
	options.Deny = keys.Deny
	plan, err := dialplan.New(options)
	if err != nil && len(r.problems) == 0 {
		r.add(problem.Problem{Position: problem.Position{File: doc.File}, Message: err.Error()}.Hint("see docs/sip.md"))
	}
	return plan
}
