package call

import (
	"strings"
	"time"

	"careline/acd"
	"careline/ivr"
	"careline/media"
)

// What a call may be playing to its caller.
type playKind uint8

const (
	playNothing playKind = iota
	// playFlow: the script speaks.
	playFlow
	// playMusic: hold music, in line or on hold.
	playMusic
	// playAnnouncement: a word to the waiting caller, between the music.
	playAnnouncement
	// playTone: the tone after which the caller speaks.
	playTone
)

// playing is what plays now; count numbers the call's playbacks, flow is the
// script's own number.
type playing struct {
	kind  playKind
	count int
	flow  int
}

// music is the caller's music: it goes on where it was after an announcement,
// instead of beginning anew each time.
type music struct {
	name    string
	started time.Time
}

// Names of the call's own timers.
const (
	timerAnnounce = "announce"
	timerWrapUp   = "wrap_up"
	timerTransfer = "transfer"
	timerPhone    = "phone"
	timerThird    = "third"
	timerPause    = "pause"
	timerOffer    = "callback_offer"
	timerCallee   = "callback_ring"
)

func (s *session) play(kind playKind, clips []*media.Clip, flow int) {
	s.playing = playing{kind: kind, count: s.playing.count + 1, flow: flow}
	s.leg.Play(media.Playback{ID: s.playing.count, Clips: clips})
}

func (s *session) stopPlaying() {
	s.playing.kind = playNothing
	s.leg.StopPlaying()
}

func (s *session) onPlayed(id int) {
	if id != s.playing.count {
		return
	}
	kind, flow := s.playing.kind, s.playing.flow
	s.playing.kind = playNothing
	switch {
	case kind == playFlow && s.stage == stageFlow:
		s.run.Played(flow)
	case kind == playTone && s.stage == stageFlow:
		s.beginVoice(flow)
	case kind == playAnnouncement && s.stage == stageTransfer && s.outsideAudible():
		s.arrange()
	case kind == playAnnouncement && (s.stage == stageQueue || s.stage == stageTransfer):
		s.playMusic()
	}
}

// playMusic plays the caller's hold music, or goes on with it.
func (s *session) playMusic() {
	name := s.content.DefaultMusic
	switch {
	case s.handing != nil && s.handing.Music != "":
		name = s.handing.Music
	case s.request != nil && s.request.Hold.Music != "":
		name = s.request.Hold.Music
	}
	clip := s.content.Music[name]
	if clip == nil {
		s.stopPlaying()
		return
	}
	now := s.center.now()
	if s.music.name != name {
		s.music = music{name: name, started: now}
	}
	s.playing = playing{kind: playMusic, count: s.playing.count + 1}
	s.leg.Play(media.Playback{ID: s.playing.count, Clips: []*media.Clip{clip}, Loop: true, From: now.Sub(s.music.started)})
}

func (s *session) onTimer(name string) {
	if id, ok := strings.CutPrefix(name, flowTimer); ok {
		if s.stage == stageFlow {
			s.run.TimerFired(ivr.TimerID(id))
		}
		return
	}
	switch name {
	case timerTransfer:
		s.transferRangOut()
	case timerPhone:
		s.phoneNotHeard()
	case timerThird:
		s.thirdRangOut()
	case timerPause:
		s.resumeRecording()
	case timerOffer:
		s.offerCallback()
	case timerCallee:
		if s.pending() && s.stage == stageRinging {
			s.miss(acd.CalleeNoAnswer, "nobody answered")
		}
	case timerSummons:
		s.summonsTimedOut()
	case timerUrgent, timerTarget, timerPresent, timerSpacing:
		s.onUrgentTimer(name)
	case timerAnnounce:
		s.askPlace()
	case timerWrapUp:
		s.log.Warn("wrap-up never ended")
		s.enter(stageOver)
	}
}
