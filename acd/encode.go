package acd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// MaxEncoded bounds what DecodeEvent reads, in bytes.
const MaxEncoded = 64 << 20

// EventName is an event's name in journals and logs, such as "contact_arrived".
func EventName(event Event) string {
	switch event.(type) {
	case Started:
		return "started"
	case RulesLoaded:
		return "rules_loaded"
	case AgentSignedIn:
		return "agent_signed_in"
	case AgentSignedOut:
		return "agent_signed_out"
	case AgentSet:
		return "agent_set"
	case ContactArrived:
		return "contact_arrived"
	case ContactLeft:
		return "contact_left"
	case OfferAccepted:
		return "offer_accepted"
	case OfferRefused:
		return "offer_refused"
	case TalkStarted:
		return "talk_started"
	case HoldChanged:
		return "hold_changed"
	case AgentDropped:
		return "agent_dropped"
	case WrapUpDone:
		return "wrap_up_done"
	case WrapUpExtended:
		return "wrap_up_extended"
	case CallbackAsked:
		return "callback_asked"
	case CallbackReached:
		return "callback_reached"
	case CallbackMissed:
		return "callback_missed"
	case Woke:
		return "woke"
	}
	return ""
}

// DecisionName is a decision's name in journals and logs, such as "offer".
func DecisionName(decision Decision) string {
	switch decision.(type) {
	case Offer:
		return "offer"
	case Withdraw:
		return "withdraw"
	case AgentChanged:
		return "agent_changed"
	case LeaveQueue:
		return "leave_queue"
	case Requeued:
		return "requeued"
	case Dial:
		return "dial"
	case Parked:
		return "parked"
	case Wake:
		return "wake"
	case Refused:
		return "refused"
	}
	return ""
}

// envelope is one encoded event or decision.
type envelope struct {
	Kind string          `json:"kind"`
	Body json.RawMessage `json:"body"`
}

// EncodeEvent gives an event as one line of JSON for the journal, the same
// bytes for the same event. Times are kept in UTC. Text that is not UTF-8 and
// numbers that JSON has not are errors, because the replay would differ.
func EncodeEvent(event Event) ([]byte, error) {
	name := EventName(event)
	if name == "" {
		return nil, fmt.Errorf("acd: encode event: %T is not an event of this engine", event)
	}
	return encode(name, inUTC(event))
}

// EncodeDecision gives a decision as one line of JSON, for journals and for
// comparing replays.
func EncodeDecision(decision Decision) ([]byte, error) {
	name := DecisionName(decision)
	if name == "" {
		return nil, fmt.Errorf("acd: encode decision: %T is not a decision of this engine", decision)
	}
	return encode(name, decision)
}

func encode(name string, value any) ([]byte, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("acd: encode %s: %w", name, err)
	}
	if hasReplacement(body) {
		return nil, fmt.Errorf("acd: encode %s: text is not UTF-8", name)
	}
	return json.Marshal(envelope{Kind: name, Body: body})
}

// hasReplacement: the encoder writes bytes that are not UTF-8 as the escape
// \ufffd, while a true U+FFFD stands there as itself.
func hasReplacement(body []byte) bool {
	for {
		at := bytes.Index(body, []byte(`\ufffd`))
		if at < 0 {
			return false
		}
		slashes := 0
		for i := at; i >= 0 && body[i] == '\\'; i-- {
			slashes++
		}
		if slashes%2 == 1 {
			return true
		}
		body = body[at+1:]
	}
}

// DecodeEvent reads what EncodeEvent wrote. Anything else is an error: unknown
// kinds and fields, text after the event, more than MaxEncoded bytes.
func DecodeEvent(line []byte) (Event, error) {
	if len(line) > MaxEncoded {
		return nil, fmt.Errorf("acd: decode event: %d bytes, more than %d", len(line), MaxEncoded)
	}
	var e envelope
	if err := strict(line, &e); err != nil {
		return nil, fmt.Errorf("acd: decode event: %w", err)
	}
	event, err := decodeBody(e)
	if err != nil {
		return nil, fmt.Errorf("acd: decode event %q: %w", e.Kind, err)
	}
	return inUTC(event), nil
}

func decodeBody(e envelope) (Event, error) {
	switch e.Kind {
	case "started":
		return body[Started](e)
	case "rules_loaded":
		return body[RulesLoaded](e)
	case "agent_signed_in":
		return body[AgentSignedIn](e)
	case "agent_signed_out":
		return body[AgentSignedOut](e)
	case "agent_set":
		return body[AgentSet](e)
	case "contact_arrived":
		return body[ContactArrived](e)
	case "contact_left":
		return body[ContactLeft](e)
	case "offer_accepted":
		return body[OfferAccepted](e)
	case "offer_refused":
		return body[OfferRefused](e)
	case "talk_started":
		return body[TalkStarted](e)
	case "hold_changed":
		return body[HoldChanged](e)
	case "agent_dropped":
		return body[AgentDropped](e)
	case "wrap_up_done":
		return body[WrapUpDone](e)
	case "wrap_up_extended":
		return body[WrapUpExtended](e)
	case "callback_asked":
		return body[CallbackAsked](e)
	case "callback_reached":
		return body[CallbackReached](e)
	case "callback_missed":
		return body[CallbackMissed](e)
	case "woke":
		return body[Woke](e)
	}
	return nil, errors.New("no such event")
}

func body[E Event](e envelope) (Event, error) {
	var event E
	if err := strict(e.Body, &event); err != nil {
		return nil, err
	}
	return event, nil
}

func strict(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is text after the event")
	}
	return nil
}

// inUTC gives the event with its times in UTC, without monotonic readings.
func inUTC(event Event) Event {
	switch ev := event.(type) {
	case ContactArrived:
		ev.Contact.Since = utc(ev.Contact.Since)
		return ev
	case CallbackAsked:
		asked := &ev.Callback
		asked.Contact.Since, asked.From = utc(asked.Contact.Since), utc(asked.From)
		hours := make([]Period, len(asked.Hours))
		for i, p := range asked.Hours {
			hours[i] = Period{utc(p.From), utc(p.Until)}
		}
		asked.Hours = hours
		return ev
	case RulesLoaded:
		zones := make([]Zone, len(ev.Rules.Zones))
		for i, z := range ev.Rules.Zones {
			z.Until = utc(z.Until)
			z.Offsets = append([]ZoneOffset(nil), z.Offsets...)
			for j := range z.Offsets {
				z.Offsets[j].From = utc(z.Offsets[j].From)
			}
			zones[i] = z
		}
		ev.Rules.Zones = nil
		if len(zones) > 0 {
			ev.Rules.Zones = zones
		}
		return ev
	}
	return event
}

func utc(t time.Time) time.Time { return t.Round(0).UTC() }
