package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"careline/acd"
	"careline/call"
)

func TestCommandsAreCheckedBeforeTheCenterHearsThem(t *testing.T) {
	for text, want := range map[string]bool{
		`{"kind":"set_state","state":"available"}`:                                                   true,
		`{"kind":"set_state","state":"away","reason":"lunch"}`:                                       true,
		`{"kind":"set_state","state":"talking"}`:                                                     false,
		`{"kind":"set_state","state":"signed_out"}`:                                                  false,
		`{"kind":"accept","offer":"c/1"}`:                                                            true,
		`{"kind":"hold","on":true}`:                                                                  true,
		`{"kind":"use_phone","on":true}`:                                                             true,
		`{"kind":"send_digit","digit":"#"}`:                                                          true,
		`{"kind":"send_digit","digit":"A"}`:                                                          false,
		`{"kind":"send_digit","digit":"12"}`:                                                         false,
		`{"kind":"send_digit"}`:                                                                      false,
		`{"kind":"finish_wrap_up","disposition":"` + strings.Repeat("x", 201) + `"}`:                 false,
		`{"kind":"set_state","state":"away","reason":"` + strings.Repeat("x", 201) + `"}`:            false,
		`{"kind":"transfer","number":"202-555-0142"}`:                                                true,
		`{"kind":"transfer"}`:                                                                        false,
		`{"kind":"cancel_transfer"}`:                                                                 true,
		`{"kind":"transfer","number":"` + strings.Repeat("5", 201) + `"}`:                            false,
		`{"kind":"consult","number":"202-555-0142"}`:                                                 true,
		`{"kind":"consult","number":"nurse_line","caller_state":" wi "}`:                             true,
		`{"kind":"consult","number":"nurse_line","caller_state":"` + strings.Repeat("W", 201) + `"}`: false,
		`{"kind":"consult"}`:                                                                         false,
		`{"kind":"bring_together"}`:                                                                  true,
		`{"kind":"leave"}`:                                                                           true,
		`{"kind":"drop_third"}`:                                                                      true,
		`{"kind":"record"}`:                                                                          false,
		`{}`:                                                                                         false,
	} {
		var m message
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		if _, err := m.command(); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestErrorsAreToldWithoutWhatTheyHold(t *testing.T) {
	codes := make(map[string]bool)
	for _, err := range []error{
		call.ErrOfferGone, call.ErrNoCall, call.ErrDraining, call.ErrDisplaced, call.ErrUnknownAgent, call.ErrBadCommand,
		call.ErrNoSound, call.ErrInCall, call.ErrBusy, call.ErrNoPhone, call.ErrPhoneAway, call.ErrAnswerPhone,
		call.ErrNotAllowed, call.ErrNoNumber, call.ErrNoTrunk, call.ErrNoTransfers, call.ErrNotFree, call.ErrMayNotTake, call.ErrNoTalk, call.ErrNoState, call.ErrNotAudited, errNotSupervisor, context.DeadlineExceeded,
	} {
		told := troubleOf(fmt.Errorf("call 4711 of +15550100: %w", err))
		if told.Code == "failed" || codes[told.Code] || strings.Contains(told.Text, "5550100") {
			t.Errorf("%v is told as %+v", err, told)
		}
		codes[told.Code] = true
	}
	if told := troubleOf(errors.New("no row for Linda Park")); told.Code != "failed" || strings.Contains(told.Text, "Linda") {
		t.Errorf("told as %+v", told)
	}
}

// FuzzMessage: whatever a page sends, the Center hears only what it knows.
func FuzzMessage(f *testing.F) {
	f.Add(`{"id":1,"kind":"send_digit","digit":"5"}`)
	f.Add(`{"kind":"set_state","state":"away","reason":"lunch"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var m message
		if json.Unmarshal([]byte(text), &m) != nil {
			return
		}
		c, err := m.command()
		if err != nil {
			return
		}
		if c.Kind == call.SendDigit && (len(c.Digit) != 1 || !strings.Contains("0123456789*#", c.Digit)) {
			t.Errorf("digit %q", c.Digit)
		}
		if c.Kind == call.SetState && c.State != acd.Available && c.State != acd.Away {
			t.Errorf("state %q", c.State)
		}
		if c.Kind == activity || c.Kind == alive || len(c.Reason)+len(c.Disposition)+len(c.Offer) > 3*maxWord {
			t.Errorf("%+v", c)
		}
	})
}
