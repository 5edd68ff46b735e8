package config

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"careline/acd"
	"careline/call"
	"careline/ivr"
	"careline/problem"
)

const callingFile = "calling.yaml"

func whoFirst() []string { return []string{"agent", "caller"} }

// rules are what the engine must know of a queue's callbacks.
func (k callbackKeys) rules() acd.CallbackRules {
	return acd.CallbackRules{CallerFirst: k.First == "caller", Attempts: k.Attempts, AfterBusy: k.AfterBusy, AfterNoAnswer: k.AfterNoAnswer}
}

// callbacksOf gives the queues whose callers may be called back.
func callbacksOf(lines []line) map[string]call.Callback {
	all := map[string]call.Callback{}
	for _, l := range lines {
		if l.callback.Flow != "" {
			all[l.Name] = call.Callback{Flow: l.callback.Flow}
		}
	}
	return all
}

// callBacks holds what flows promise against what is there to keep it. A demo has no
// trunks: it calls nobody, and tells callers so.
func (r *reader) callBacks(rest rest, flows *ivr.Set) {
	doc, plan := rest.queuesDoc, rest.plan
	promised := flows.CallBacks()
	for _, l := range rest.lines {
		position, asked := promised[l.Name]
		switch {
		case l.callback.Flow != "" && !flows.Has(l.callback.Flow):
			r.add(unknown(doc, at(l.value, "callback", "flow"), "a flow", l.callback.Flow, flows.Flows()))
		case asked && l.callback.Flow == "":
			r.add(problem.Problem{Position: position, Message: "callers are offered to be called back from queue " + strconv.Quote(l.Name) + ", and it doesn't say what they hear then"}.
				Hint("write callback: {flow: callback} for it in queues.yaml, or offer none"))
		case asked && (plan == nil || plan.Empty()) && !rest.site.Demo.SignIns:
			r.warn(problem.Problem{Position: position, Message: "callers are offered to be called back from queue " + strconv.Quote(l.Name) + ", and the dial plan allows no number"}.
				Hint("allow numbers in %s, as in numbers: \"+1NXXNXXXXXX\"; until then no number is taken", dialplanFile))
		}
	}
}

// callingHours reads calling.yaml, which may be left out, and takes the zones that count
// on a day.
func (r *reader) callingHours(today string) call.CallingHours {
	keys := callingDefaults()
	var doc *problem.Document
	if r.exists(callingFile) {
		if doc = r.document(callingFile); doc == nil {
			return call.CallingHours{}
		}
		r.problems.Add(doc.File, doc.Decode(doc.Root, &keys))
	}
	hours := call.CallingHours{From: minuteOf(keys.From), To: minuteOf(keys.To), Zones: map[string]*time.Location{}}
	if hours.From < 0 || hours.To < 0 || hours.From >= hours.To {
		r.add(doc.At(doc.Root, "nobody could ever be called: the hours go from %q to %q", keys.From, keys.To).Hint(`write from: "8:00" and to: "21:00"`))
	}
	for _, zone := range keys.Unknown {
		hours.Unknown = append(hours.Unknown, zone.Location)
	}
	from := ""
	for i, entry := range keys.AreaCodes {
		node := item(at(doc.Root, "area_codes"), i)
		if entry.From == "" || entry.Source == "" {
			r.add(doc.At(node, "the list has no first day, or no source").Hint("add from, as 2026-07-01, and source: where it was read"))
		}
		if string(entry.From) > today || string(entry.From) < from {
			continue
		}
		from = string(entry.From)
		hours.Zones = map[string]*time.Location{}
		for name, codes := range entry.Zones {
			location, err := time.LoadLocation(name)
			if err != nil {
				r.add(doc.At(node, "%q is no time zone", name).Hint("write an IANA name, as America/Chicago"))
				continue
			}
			for _, code := range codes {
				if len(code) != 3 || strings.Trim(code, "0123456789") != "" {
					r.add(doc.At(node, "%q is no area code", code).Hint(`write three digits in quotes, as "312"`))
				}
				hours.Zones[code] = location
			}
		}
	}
	return hours
}

// minuteOf reads a time of day as 8:00; -1 if it is none.
func minuteOf(text string) int {
	hour, minute, ok := strings.Cut(text, ":")
	h, err := strconv.Atoi(hour)
	m, wrong := strconv.Atoi(minute)
	if !ok || err != nil || wrong != nil || h < 0 || m < 0 || m > 59 || h*60+m > 24*60 {
		return -1
	}
	return h*60 + m
}

// called reports whether a flow is what callers hear who are called back.
func called(lines []line, flow string) bool {
	return slices.ContainsFunc(lines, func(l line) bool { return l.callback.Flow == flow })
}
