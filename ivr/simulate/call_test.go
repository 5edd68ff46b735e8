package simulate_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"careline/ivr"
	"careline/ivr/simulate"
	"careline/phi"
)

const clinic = `
flow: clinic
languages: [en-US, es-US]
start: hello
steps:
  hello: {play: [welcome, notice], next: main}
  main:
    menu: main
    choices: {"1": who, "2": {set: {language: es-US, reason: Spanish}, next: people}, "3": bye}
    no_input: {retries: 1, play: silence, next: people}
  who:
    verify: {ask: [member_id, date_of_birth], attempts: 1}
    verified: visit
    failed: people
  visit: {say: "visit {{ member.next_visit | date }}", missing: main, next: call_us}
  call_us: {set: {number: "5550100"}, next: number}
  number: {say: "number {{ number | phone }}", next: people}
  people:
    queue: {name: people, hold: {music: calm, announce: position, every: 30s}}
    timeout: main
    full: main
    unavailable: main
  bye: {hang_up: {play: bye, reason: the caller is done}}
`

func clinicSet(t testing.TB) *ivr.Set {
	t.Helper()
	set, err := ivr.Load(fstest.MapFS{"flows/clinic.yaml": {Data: []byte(clinic)}}, "flows", ivr.Environment{
		Languages: []string{"en-US", "es-US"}, Queues: map[string]ivr.Queue{"people": {}},
		Facts: map[string]ivr.FactKind{"next_visit": ivr.FactDate},
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// listener writes down what happens.
type listener struct{ lines []string }

func (l *listener) event(e simulate.Event) {
	at := fmt.Sprintf("%.1f ", e.At.Seconds())
	switch e.Kind {
	case simulate.Heard, simulate.Announced:
		l.lines = append(l.lines, at+string(e.Kind)+" "+e.Prompt.Language[:2]+" "+e.Prompt.Name)
	case simulate.Queued:
		l.lines = append(l.lines, at+"queued "+e.Request.Queue)
	case simulate.HungUp:
		l.lines = append(l.lines, at+"hung up: "+e.Reason)
	case simulate.Checked:
		l.lines = append(l.lines, at+string(e.Outcome))
	case simulate.Stopped:
		l.lines = append(l.lines, at+"stopped")
	}
}

func (l *listener) is(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(l.lines, want) {
		t.Errorf("happened is\n%s\nwant\n%s", strings.Join(l.lines, "\n"), strings.Join(want, "\n"))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func linda() simulate.Member {
	return simulate.Member{ID: phi.NewDigits("48201937"), Born: phi.NewDigits("04121961"), Facts: map[string]string{"next_visit": "2027-01-14"}}
}

func TestACallGoesItsWayInVirtualTime(t *testing.T) {
	var l listener
	call := simulate.New(clinicSet(t), "clinic", simulate.World{Members: []simulate.Member{linda()}, Position: 3}, l.event)
	must(t, call.Listen())
	must(t, call.Press("1"))
	must(t, call.Listen())
	must(t, call.Press("48201937"))
	must(t, call.Listen())
	must(t, call.Press("04121961"))
	must(t, call.Listen())
	call.Pass(31 * time.Second)
	l.is(t, "0.0 heard en welcome", "2.0 heard en notice", "4.0 heard en main",
		"6.0 heard en ask-member-id", "10.1 heard en ask-date-of-birth", "14.7 verified",
		"14.7 heard en visit", "16.7 heard en months/1", "18.7 heard en ordinals/14", "20.7 heard en years/2027",
		"22.7 heard en number", "24.7 heard en digits/5", "26.7 heard en digits/5", "28.7 heard en digits/5", "31.0 heard en digits/0", "33.0 heard en digits/1", "35.0 heard en digits/0", "37.0 heard en digits/0", "39.0 queued people",
		"69.0 announced en hold/you-are-number", "69.0 announced en numbers/3", "69.0 announced en hold/in-line")
}

func TestAKeyEndsWhatPlaysAndTheRestIsNotHeard(t *testing.T) {
	var l listener
	call := simulate.New(clinicSet(t), "clinic", simulate.World{}, l.event)
	call.Pass(time.Second)
	must(t, call.Press("3"))
	must(t, call.Listen())
	l.is(t, "0.0 heard en welcome", "1.0 stopped", "1.0 heard en bye", "3.0 hung up: the caller is done")
	if reason, over := call.HungUp(); !over || reason != "the caller is done" {
		t.Errorf("hung up is %q, %v", reason, over)
	}
	if err := call.Press("1"); !errors.Is(err, simulate.ErrOver) {
		t.Errorf("a key after the end: %v", err)
	}
}

func TestSilenceLastsUntilTheFlowGoesOnByItself(t *testing.T) {
	var l listener
	call := simulate.New(clinicSet(t), "clinic", simulate.World{Language: "es-US"}, l.event)
	must(t, call.Silence())
	l.is(t, "0.0 heard es welcome", "2.0 heard es notice", "4.0 heard es main", "16.0 heard es silence", "18.0 heard es main", "30.0 queued people")
	if err := call.Silence(); !errors.Is(err, simulate.ErrQueued) {
		t.Errorf("silence in a queue: %v", err)
	}
	if err := call.Press("1"); !errors.Is(err, simulate.ErrQueued) {
		t.Errorf("a key in a queue: %v", err)
	}
	must(t, call.Leave(ivr.ExitFull))
	if err := call.Leave(ivr.ExitFull); !errors.Is(err, simulate.ErrNotQueued) {
		t.Errorf("leaving no queue: %v", err)
	}
}

func TestStrangersAndLockedOutCallersReachPeople(t *testing.T) {
	for _, world := range []simulate.World{{}, {Members: []simulate.Member{linda()}, LockedOut: true}} {
		call := simulate.New(clinicSet(t), "clinic", world, nil)
		for _, keys := range []string{"1", "48201937", "04121961"} {
			must(t, call.Listen())
			must(t, call.Press(keys))
		}
		must(t, call.Listen())
		if call.Queued() == nil || call.Verified() == ivr.Verified {
			t.Errorf("in %v: queued %v, %s", world, call.Queued(), call.Verified())
		}
	}
}

func TestAFactThatIsNotThereTakesItsWay(t *testing.T) {
	member := linda()
	member.Facts = nil
	call := simulate.New(clinicSet(t), "clinic", simulate.World{Members: []simulate.Member{member}}, nil)
	for _, keys := range []string{"1", "48201937", "04121961"} {
		must(t, call.Listen())
		must(t, call.Press(keys))
	}
	must(t, call.Listen())
	if call.Queued() != nil || call.Verified() != ivr.Verified {
		t.Errorf("queued %v, %s", call.Queued(), call.Verified())
	}
}

func TestTheWallClockGoesWithTheCall(t *testing.T) {
	begins := time.Date(2026, 12, 25, 10, 0, 0, 0, time.UTC)
	call := simulate.New(clinicSet(t), "clinic", simulate.World{Begins: begins}, nil)
	call.Pass(90 * time.Second)
	if call.Now() != 90*time.Second {
		t.Errorf("it is %v", call.Now())
	}
}

// TestAnyCallIsTheSameTwice: tests of flows rely on it.
func TestAnyCallIsTheSameTwice(t *testing.T) {
	set := clinicSet(t)
	rapid.Check(t, func(t *rapid.T) {
		acts := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2", "3", "9", "48201937", "04121961", "listen", "silence", "wait", "leave"}), 1, 20).Draw(t, "acts")
		var first []string
		for range 2 {
			var l listener
			call := simulate.New(set, "clinic", simulate.World{Members: []simulate.Member{linda()}}, l.event)
			for _, act := range acts {
				switch act {
				case "listen":
					if err := call.Listen(); err != nil {
						t.Fatal(err)
					}
				case "silence":
					_ = call.Silence() // where there is nothing to be silent at, nothing happens
				case "wait":
					call.Pass(7 * time.Second)
				case "leave":
					_ = call.Leave(ivr.ExitTimeout)
				default:
					_ = call.Press(act)
				}
			}
			if reason, _ := call.HungUp(); strings.HasPrefix(reason, "flow failed") {
				t.Fatalf("a sound flow failed: %s", reason)
			}
			if first == nil {
				first = append([]string{"."}, l.lines...)
			} else if !slices.Equal(first[1:], l.lines) {
				t.Fatalf("first\n%s\nthen\n%s", strings.Join(first, "\n"), strings.Join(l.lines, "\n"))
			}
		}
	})
}
