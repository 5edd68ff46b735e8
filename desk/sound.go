package desk

import "careline/call"

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
