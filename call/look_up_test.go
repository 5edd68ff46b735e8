package call

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/ivr"
	"careline/lookup"
	"careline/phi"
	"careline/sip"
)

// outsideServices answers look-ups; it tells what came.
type outsideServices struct {
	asks []lookup.Ask
	// answer after takes; nil fields with err.
	takes  time.Duration
	fields map[string]phi.String
	err    error
	breaks bool
	ended  error
}

func (o *outsideServices) LookUp(ctx context.Context, _ *lookup.Definition, ask lookup.Ask) (map[string]phi.String, error) {
	o.asks = append(o.asks, ask)
	if o.breaks {
		panic("a service broke us")
	}
	timer := time.NewTimer(o.takes)
	defer timer.Stop()
	select {
	case <-timer.C:
		return o.fields, o.err
	case <-ctx.Done():
		o.ended = ctx.Err()
		return nil, ctx.Err()
	}
}

// unaudited are records whose audit can't be written.
type unaudited struct{ Records }

func (unaudited) RecordAccess(context.Context, phi.Access) error { return errors.New("disk full") }

// copayFlow looks up what a verified caller pays, and puts the caller in line.
const copayFlow = `  look:
    look_up: {name: copay, with: {member: "{{ member.id }}", plan: gold}}
    next: told
    missing: none
    failed: broken
  told: {set: {reason: Told}, next: line}
  none: {set: {reason: Nothing}, next: line}
  broken: {set: {reason: Broken}, next: line}
`

// lookingUp is a floor whose verified callers are looked up.
func lookingUp(t *testing.T, services *outsideServices) func(*Options) {
	t.Helper()
	definition, faults := lookup.Compile("copay", lookup.Text{
		Service: "benefits", Purpose: "eligibility", With: map[string]lookup.Taking{"member": lookup.TakesMember, "plan": lookup.TakesPublic},
		Post: "/copay", Form: map[string]string{"member": "{{ member }}", "plan": "{{ plan }}"}, Into: map[string]lookup.FieldText{"copay": {Path: "copay", As: lookup.AsNumber}},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	flows, err := ivr.Load(fstest.MapFS{"main.yaml": {Data: []byte(strings.Replace(testFlow, "verified: reason", "verified: look", 1) + copayFlow)}}, ".",
		ivr.Environment{
			Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"claims": {}}, Facts: map[string]ivr.FactKind{"id": ivr.FactDigits},
			LookUps: map[string]ivr.LookUp{"copay": {Takes: map[string]ivr.Taking{"member": ivr.TakesMember, "plan": ivr.TakesPublic}, Gives: map[string]string{"copay": "number"}}},
		})
	if err != nil {
		t.Fatal(err)
	}
	return func(o *Options) {
		o.Content.Flows, o.Content.LookUps = flows, map[string]*lookup.Definition{"copay": definition}
		if services != nil {
			o.LookUps = services
		}
	}
}

func TestAVerifiedMembersNumberIsToldToTheServiceAndTheReadingTakenDown(t *testing.T) {
	services := &outsideServices{takes: time.Second, fields: map[string]phi.String{"copay": phi.NewString("25")}}
	onFloor(t, lookingUp(t, services), func(f *floor) {
		f.queued()
		f.pass(2 * time.Second)
		f.signIn("maria")
		f.pass(time.Second)
		if view := f.view("maria").Call; view == nil || view.Reason != "Told" {
			t.Fatalf("the agent sees %+v", view)
		}
		ask := services.asks[0]
		if ask.Call != "call-1" || ask.Actor != "flow:main" || ask.Subject == "" || !ask.Values["member"].Equal(phi.NewString("48201937")) || !ask.Values["plan"].Equal(phi.NewString("gold")) {
			t.Errorf("asked is %+v", ask)
		}
		want := phi.Access{Call: "call-1", Actor: "flow:main", Subject: ask.Subject, Field: "look-up copay", Purpose: phi.SelfService}
		if got := f.records.accesses; len(got) == 0 || got[0] != want {
			t.Errorf("the audit says %+v", got)
		}
		if text := fmt.Sprintf("%+v %#v", ask, services.fields); strings.Contains(text, "48201937") || strings.Contains(text, "25") {
			t.Errorf("it prints as %s", text)
		}
	})
}

func TestACallGoesOnWhenAServiceDoesNotHelp(t *testing.T) {
	for name, c := range map[string]struct {
		services  *outsideServices
		unaudited bool
		reason    string
	}{
		"nothing found":       {&outsideServices{err: fmt.Errorf("x: %w", lookup.ErrMissing)}, false, "Nothing"},
		"a failure":           {&outsideServices{err: errors.New("down")}, false, "Broken"},
		"a panic":             {&outsideServices{breaks: true}, false, "Broken"},
		"longer than we wait": {&outsideServices{takes: time.Hour}, false, "Broken"},
		"no services":         {nil, false, "Broken"},
		"an audit that fails": {&outsideServices{fields: map[string]phi.String{"copay": phi.NewString("25")}}, true, "Broken"},
	} {
		t.Run(name, func(t *testing.T) {
			onFloor(t, func(o *Options) {
				lookingUp(t, c.services)(o)
				if c.unaudited {
					o.Records = unaudited{o.Records}
				}
			}, func(f *floor) {
				f.queued()
				f.pass(ivr.LookUpGuard + 2*time.Second)
				f.signIn("maria")
				f.pass(time.Second)
				if view := f.view("maria").Call; view == nil || view.Reason != c.reason {
					t.Fatalf("the agent sees %+v, want %s", view, c.reason)
				}
			})
		})
	}
}

func TestALookUpEndsWithItsCall(t *testing.T) {
	services := &outsideServices{takes: time.Hour}
	onFloor(t, lookingUp(t, services), func(f *floor) {
		dialog, _ := f.queued()
		if len(services.asks) != 1 {
			t.Fatalf("asked %d times", len(services.asks))
		}
		dialog.notify(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
		f.pass(time.Second)
		if !errors.Is(services.ended, context.Canceled) {
			t.Errorf("the look-up ended with %v", services.ended)
		}
	})
}
