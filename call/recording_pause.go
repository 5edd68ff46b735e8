package call

import (
	"time"

	"go.uber.org/zap"
)

// maxRecordingPause is how long an agent may leave out of a recording at once. A card's
// number takes less, and a pause that was forgotten must not lose the rest of the call.
const maxRecordingPause = 3 * time.Minute

// RecordingView says whether the call is being recorded.
type RecordingView string

const (
	// NotRecorded: the line isn't, the caller refused, or it failed.
	NotRecorded RecordingView = ""
	// Recorded: all that is said is.
	Recorded RecordingView = "on"
	// RecordingPaused: what is said now is left out.
	RecordingPaused RecordingView = "paused"
)

func (s *session) recordingView() RecordingView {
	switch {
	case s.recording == nil:
		return NotRecorded
	case s.recording.paused:
		return RecordingPaused
	}
	return Recorded
}

// pauseRecording leaves out what is said from now on, as while a caller reads out a
// card's number (PCI DSS 3.3.1), or ends that.
func (s *session) pauseRecording(on bool) error {
	if s.recording == nil {
		return ErrNotRecorded
	}
	if s.recording.paused == on {
		return nil
	}
	s.recording.paused = on
	if on {
		s.recording.tap.Pause()
		s.timers.set(timerPause, maxRecordingPause)
	} else {
		s.timers.stop(timerPause)
		s.recording.tap.Resume()
	}
	s.log.Info("recording paused or resumed", zap.Bool("paused", on), zap.String("agent", string(s.agent)))
	s.show()
	return nil
}

// resumeRecording ends a pause with the talk that it was made in, or when it has been
// forgotten.
func (s *session) resumeRecording() {
	if s.recording != nil {
		_ = s.pauseRecording(false) // there is a recording
	}
}
