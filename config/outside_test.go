package config

import (
	"strings"
	"testing"
	"testing/fstest"
)

// outsides reads texts as the demo's outside.yaml, with a trunk and a dial plan, or
// without a plan.
func outsides(t *testing.T) (planned, unplanned func(text string) *reader) {
	t.Helper()
	files := inMemory(t)
	files[trunksFile] = &fstest.MapFile{Data: []byte("trunks:\n  main: {targets: [\"udp://192.0.2.1:5060\"], caller_id: \"+12025550100\"}\n")}
	files[dialplanFile] = &fstest.MapFile{Data: []byte("allow:\n- {numbers: \"+1NXXNXXXXXX\", trunks: [main]}\n")}
	demo := &reader{files: files, raw: map[string][]byte{}}
	settings := demo.load(autumn())
	if len(demo.problems) != 0 {
		t.Fatal(demo.problems)
	}
	calendars := demo.calendars(settings.rest.site.Site.Zone.Location, autumn())
	by := func(rest rest) func(string) *reader {
		return func(text string) *reader {
			r := &reader{files: fstest.MapFS{outsideName: {Data: []byte(text)}}, raw: map[string][]byte{}}
			r.outside(rest, calendars, autumn())
			return r
		}
	}
	without := settings.rest
	without.plan = nil
	return by(settings.rest), by(without)
}

const onCallList = `numbers:
  mail_order: "+12025550160"
on_call:
  nurses:
    ring: 25s
    rounds: 2
    people:
      - {agent: nora, number: "+12025550181"}
      - {name: Night service, states: [WI, IL], number: "+12025550182", hours: member_services}
`

func TestMistakesInOutsideThatWouldShowWithACallerInNeed(t *testing.T) {
	read, unplanned := outsides(t)
	if r := read(onCallList); len(r.problems)+len(r.warnings) != 0 {
		t.Fatal(r.problems, r.warnings)
	}
	const nora, service = `{agent: nora, number: "+12025550181"}`, `{name: Night service, states: [WI, IL], number: "+12025550182", hours: member_services}`
	for _, c := range []struct{ name, old, new, want string }{
		{"a number that may not be dialed", "+12025550181", "+442079460181",
			`outside.yaml:8:31: this number can't be called: the dial plan doesn't allow it; allow it in dialplan.yaml, over a trunk of trunks.yaml`},
		{"no telephone number", "+12025550181", "ask at the desk",
			`outside.yaml:8:31: this number can't be called: it is no telephone number`},
		{"a number by name that may not be dialed", "+12025550160", "+442079460160",
			`outside.yaml:2:15: this number can't be called: the dial plan doesn't allow it; allow it in dialplan.yaml, over a trunk of trunks.yaml`},
		{"no number", `, number: "+12025550181"`, "",
			`outside.yaml:8:9: this one has no number; add number: "+12025550142"`},
		{"an agent who isn't there", "agent: nora", "agent: norah",
			`outside.yaml:8:17: "norah" is not an agent of agents.yaml; did you mean "nora"?`},
		{"a calendar that isn't there", "hours: member_services", "hours: member_service",
			`outside.yaml:9:80: "member_service" is not a calendar of calendars.yaml; did you mean "member_services"?`},
		{"a state that is none", "states: [WI, IL]", "states: [WI, IX]",
			`outside.yaml:9:44: "IX" is not a state`},
		{"nobody's licenses", "states: [WI, IL], ", "",
			`outside.yaml:9:9: either an agent's licenses count here, or the states that you vouch for; write agent: nora, or states: [WI, IL], or states: [all]`},
		{"two sorts of licenses", "agent: nora", "agent: nora, states: [WI]",
			`outside.yaml:8:9: either an agent's licenses count here, or the states that you vouch for`},
		{"a service without a name", "name: Night service, ", "",
			`outside.yaml:9:9: this one has no name, and so records couldn't say who was called; add name`},
		{"a list's name", "  nurses:", "  Nurses:",
			`outside.yaml:4:3: "Nurses" can't be a name here; begin with a lower-case letter; then letters, digits, _ or -`},
		{"a number's name", "  mail_order:", "  Mail order:",
			`outside.yaml:2:3: "Mail order" can't be a name here`},
		{"a ring that nobody hears", "ring: 25s", "ring: 1s",
			`outside.yaml:5:11: ring is 1s, which is out of bounds; from 5s to 2m is allowed`},
		{"too many rounds", "rounds: 2", "rounds: 20",
			`outside.yaml:6:13: rounds is 20, which is out of bounds; from 1 to 5 is allowed`},
		{"a key that there is none of", "rounds: 2", "round: 2",
			`outside.yaml:6:5: "round" is not a key here; did you mean "rounds"?`},
		{"nobody on call", "    people:\n      - " + nora + "\n      - " + service + "\n", "",
			`outside.yaml:4:3: nobody is on call by list "nurses"; write people: [{agent: nora, number: "+12025550142"}]`},
		{"hours without anybody", "      - " + nora + "\n", "",
			`outside.yaml:4:3: nobody of list "nurses" is on call on Monday, November 23 at 20:00, for one; add somebody without hours, or mend the calendars`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Count(onCallList, c.old) != 1 {
				t.Fatalf("the list doesn't hold %q once", c.old)
			}
			err := read(strings.Replace(onCallList, c.old, c.new, 1)).problems.Err()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("read %v\nwant %s", err, c.want)
			}
			if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "202555018") || strings.Contains(err.Error(), "44207") {
				t.Errorf("it is told more than once, or with a number: %v", err)
			}
		})
	}
	t.Run("no dial plan", func(t *testing.T) {
		const want = `outside.yaml:8:31: this number can't be called: there is no dialplan.yaml, so no number may be dialed; allow it in dialplan.yaml, over a trunk of trunks.yaml`
		if r := unplanned(onCallList); !strings.Contains(r.problems.Error(), want) {
			t.Errorf("read %v\nwant %s", r.problems, want)
		}
	})
	t.Run("a license that has run out", func(t *testing.T) {
		const want = `outside.yaml:8:17: evan has no license that is good today, and is never called; renew it in agents.yaml, or take the entry out`
		if r := read(strings.Replace(onCallList, "agent: nora", "agent: evan", 1)); len(r.problems) != 0 || len(r.warnings) != 1 || !strings.Contains(r.warnings.Error(), want) {
			t.Errorf("read %v, warned of %v\nwant %s", r.problems, r.warnings, want)
		}
	})
}
