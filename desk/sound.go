package desk

import (
	"careline/acd"
	"careline/call"
	"careline/ledger"
)

// soundScreen is how the sound of a talk is; absent while nobody talks.
type soundScreen struct {
	// Grade is good, fair, bad, or absent until it is known.
	Grade      string `json:"grade,omitempty"`
	NotHeard   bool   `json:"not_heard,omitempty"`
	NotHearing bool   `json:"not_hearing,omitempty"`
	// Hears is the way from the caller to the agent, Heard the way back.
	Hears wayScreen `json:"hears"`
	Heard wayScreen `json:"heard"`
}

// wayScreen has the loss in percent, and the delay from mouth to ear.
type wayScreen struct {
	Loss    int   `json:"loss"`
	DelayMS int64 `json:"delay_ms"`
}

func soundScreenOf(sound *call.SoundView) *soundScreen {
	if sound == nil {
		return nil
	}
	way := func(w call.WayView) wayScreen { return wayScreen{w.Loss, w.Delay.Milliseconds()} }
	return &soundScreen{
		Grade: sound.Grade, NotHeard: sound.NotHeard, NotHearing: sound.NotHearing,
		Hears: way(sound.Hears), Heard: way(sound.Heard),
	}
}

// soundRow is how one side of a call that is over sounded, for supervisors.
type soundRow struct {
	Leg ledger.SoundLeg `json:"leg"`
	// Agent is the name of an agent.
	Agent string `json:"agent,omitempty"`
	// RoundTripMS is the network's, the mean; 0 where it isn't known.
	RoundTripMS int64    `json:"round_trip_ms,omitempty"`
	Received    soundWay `json:"received"`
	Sent        soundWay `json:"sent"`
}

// soundWay is one direction; MOS is absent where nothing was measured.
type soundWay struct {
	MOS           float64 `json:"mos,omitempty"`
	Loss          float64 `json:"loss"` // in percent
	OneWaySeconds float64 `json:"one_way_s,omitempty"`
}

func (d *Desk) soundRowOf(side ledger.LegSound) soundRow {
	way := func(w ledger.SoundWay) soundWay {
		row := soundWay{MOS: w.MOS, OneWaySeconds: w.OneWaySeconds}
		if all := w.Packets + w.Lost; all > 0 {
			row.Loss = float64(1000*(w.Lost+w.Late)/all) / 10
		}
		return row
	}
	row := soundRow{Leg: side.Leg, RoundTripMS: side.RoundTripMS, Received: way(side.Received), Sent: way(side.Sent)}
	if side.Agent != "" {
		row.Agent = d.fullName(acd.AgentID(side.Agent))
	}
	return row
}
