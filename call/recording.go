package call

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"careline/ledger"
	"careline/ledger/recording"
)

// callRecording is a recording of the call, from its tap to its seal. Tap and paused belong
// to the call; id and err are its writer's until the call has waited for it.
type callRecording struct {
	tap    Tap
	paused bool
	id     string
	err    error
}

var errNoRecordings = errors.New("call: recordings are not set up")

// beginRecording takes the sound from now on, the notice that it is recorded included,
// and writes it beside the call. What the caller keys in is in none of it: neither
// telephone-events nor, while a flow listens, their tones (media.Leg.Shield).
func (s *session) beginRecording() {
	if !s.line.Record.Calls || s.recording != nil || s.leg == nil {
		return
	}
	r := &callRecording{}
	var err error
	if s.center.options.Recordings == nil {
		err = errNoRecordings
	} else {
		r.tap, err = s.center.sound.Tap(s.leg)
	}
	if err != nil {
		s.unrecorded("the sound can't be taken", err)
		return
	}
	s.recording = r
	s.recorded = append(s.recorded, r)
	known := ledger.Recording{Call: s.id, Kind: ledger.RecordedCall, Line: s.line.Name, Channels: 2, Class: s.line.Record.Class}
	s.beside.Go(func() {
		defer s.survive(nil)
		s.writeRecording(r, known)
	})
}

// writeRecording writes until the tap ends, be it long after the call's own context.
func (s *session) writeRecording(r *callRecording, known ledger.Recording) {
	defer r.tap.Close() // else it would go on taking what nobody reads
	ctx := context.WithoutCancel(s.ctx)
	begin, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	file, err := s.center.options.Recordings.Begin(begin, known)
	if err != nil {
		r.err = err
		s.post(recordingMessage{recording: r, err: err})
		return
	}
	r.id = file.ID()
	s.post(recordingMessage{recording: r, id: r.id})
	recorded, err := r.tap.RecordOpus(ctx, file)
	end, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	closed := file.Close(end, recording.Result{Length: recorded.Length, Pauses: len(recorded.Pauses), Dropped: recorded.Stats.Dropped})
	if r.err = errors.Join(err, closed); r.err != nil {
		s.post(recordingMessage{recording: r, err: r.err})
	}
}

// onRecording shows that the call is recorded, or that it isn't any more: the call goes
// on either way.
func (s *session) onRecording(m recordingMessage) {
	if m.err != nil {
		s.unrecorded("the recording can't be kept", m.err)
		if s.recording == m.recording {
			s.recording = nil
		}
		return
	}
	s.log.Info("call is recorded", zap.String("recording", m.id), zap.String("class", s.line.Record.Class))
	s.chronicle.record.Recordings = append(s.chronicle.record.Recordings, m.id)
}

// unrecorded puts on record that something of the call isn't recorded.
func (s *session) unrecorded(why string, err error) {
	s.center.counters.unrecorded.Add(1)
	s.chronicle.record.Unrecorded = why
	s.log.Error("call is not recorded", zap.Error(err))
}

// endRecording ends the recording, for good or until the flow begins another.
func (s *session) endRecording() {
	if s.recording != nil {
		s.timers.stop(timerPause)
		s.recording.tap.Close()
		s.recording = nil
	}
}

// noteRecordings puts on record what came of recordings after the call had ended. It
// comes after they have been waited for.
func (s *session) noteRecordings() {
	record := &s.chronicle.record
	record.Recordings = nil
	for _, r := range s.recorded {
		if r.id != "" {
			record.Recordings = append(record.Recordings, r.id)
		}
		if r.err != nil && record.Unrecorded == "" {
			record.Unrecorded = "the recording can't be kept"
		}
	}
}
