package ivr

import (
	"slices"

	"careline/phi"
)

// speech is what goes with a row that plays.
type speech struct {
	// bargeIn: a key ends it.
	bargeIn bool
	// deaf: keys are not even kept. The caller can't mean them for what comes next.
	deaf bool
	// sensitive: the row tells something of the member.
	sensitive bool
	then      func()
}

// row gives prompts in the call's language, or in their own.
func (r *Run) row(uses []promptUse) []Prompt {
	row := make([]Prompt, len(uses))
	for i, use := range uses {
		row[i] = use.in(r.language)
	}
	return row
}

func (u promptUse) in(language string) Prompt {
	if u.by != nil {
		u = u.by[language]
	}
	if u.language != "" {
		language = u.language
	}
	return Prompt{Language: language, Name: u.name}
}

// impatient reports whether the caller has keyed ahead and need not hear a row
// that keys may end.
func (r *Run) impatient(bargeIn bool) bool { return bargeIn && r.ahead.Len() > 0 }

// speak plays a row and goes on when it has played or a key ends it.
func (r *Run) speak(row []Prompt, s speech) {
	if len(row) == 0 || r.impatient(s.bargeIn) {
		s.then()
		return
	}
	r.phase, r.speech = speaking, s
	r.play(row, s.sensitive)
}

func (r *Run) play(row []Prompt, sensitive bool) {
	r.playback++
	r.playing = true
	r.setTimer(TimerGuard, PlaybackGuard)
	r.line.Play(Playback{ID: r.playback, Prompts: row, Sensitive: sensitive})
}

func (r *Run) silence() {
	if r.playing {
		r.playing = false
		r.line.StopPlaying()
	}
}

// Played says that a row has played to its end.
func (r *Run) Played(playback int) {
	if r.phase == done || !r.playing || playback != r.playback {
		return
	}
	r.finished()
}

// finished goes on after a row.
func (r *Run) finished() {
	r.playing = false
	r.stopTimer()
	switch r.phase {
	case speaking:
		then := r.speech.then
		then()
	case asking:
		r.closed = false // who has heard all of it means it by "#"
		r.question.asked(r)
	}
}

// Digit brings one key, '0'-'9', '*' or '#'. Others are ignored.
func (r *Run) Digit(key phi.Digits) {
	if keys(key) == "" || key.Len() != 1 || r.failing {
		return
	}
	hash := key.Is("#") && r.closed && !(r.phase == asking && slices.Contains(r.question.choices, "#"))
	r.closed = false
	if hash {
		return
	}
	switch r.phase {
	case speaking:
		if r.speech.deaf {
			return
		}
		r.keepAhead(key)
		if r.speech.bargeIn {
			r.silence()
			r.finished()
		}
	case asking:
		if r.playing && !r.question.bargeIn {
			r.keepAhead(key)
			return
		}
		r.question.key(r, key)
	case recording:
		r.recordingKey(key)
	case verifying, reading, lookingUp, keeping, promising:
		r.keepAhead(key)
	}
}

func (r *Run) keepAhead(key phi.Digits) {
	if r.ahead.Len() < TypeAhead {
		r.ahead = r.ahead.With(keys(key)[0])
	}
}

// takeAhead takes the first key that was keyed ahead.
func (r *Run) takeAhead() (phi.Digits, bool) {
	text := keys(r.ahead)
	if text == "" {
		return phi.Digits{}, false
	}
	r.ahead = phi.NewDigits(text[1:])
	return phi.NewDigits(text[:1]), true
}

// question is what is being asked: a choice, or digits.
type question struct {
	row     []Prompt
	bargeIn bool
	timing  timing
	// choices of a menu; nil when digits are collected.
	choices  []string
	min, max int
	noInput  reply
	noMatch  reply
	// sensitive: the row tells something of the caller.
	sensitive bool
	// done takes the answer and goes on; false if it is none after all.
	done func(digits phi.Digits, choice string) bool

	got           phi.Digits
	silent, wrong int
}

// reply is what a question does without a usable answer.
type reply struct {
	retries int
	rows    [][]Prompt
	next    *edge
	// then in place of next, where the step itself goes on.
	then func()
}

// row is heard before the question is asked again for the nth time, from 1.
func (r reply) row(times int) []Prompt {
	if len(r.rows) == 0 {
		return nil
	}
	return r.rows[min(times, len(r.rows))-1]
}

func (r *Run) reply(a answer) reply {
	told := reply{retries: a.retries, next: &a.next}
	for _, row := range a.rows {
		told.rows = append(told.rows, r.row(row))
	}
	return told
}

// ask puts a question to the caller.
func (r *Run) ask(q *question) {
	r.idle()
	r.steps = 0
	r.phase, r.question = asking, q
	q.put(r, q.row)
}

// put plays the question, unless the caller has answered ahead.
func (q *question) put(r *Run, row []Prompt) {
	q.got = phi.Digits{}
	if r.impatient(q.bargeIn) || len(row) == 0 {
		q.asked(r)
		return
	}
	r.play(row, q.sensitive)
}

// asked listens after the question, first to what was keyed ahead.
func (q *question) asked(r *Run) {
	for {
		key, ok := r.takeAhead()
		if !ok {
			break
		}
		q.key(r, key)
		if r.question != q || r.phase != asking || r.playing {
			return
		}
	}
	if q.got.Len() == 0 {
		r.setTimer(TimerFirstDigit, q.timing.first)
	}
}

// key takes one key of the answer.
func (q *question) key(r *Run, key phi.Digits) {
	r.silence()
	switch {
	case key.Is("#") && (q.got.Len() > 0 || !slices.Contains(q.choices, "#")):
		// As a choice it stands alone: behind other keys it ends them.
		q.end(r)
		return
	case key.Is("*") && q.choices == nil:
		// Star begins the entry anew.
		q.got = phi.Digits{}
		r.setTimer(TimerFirstDigit, q.timing.first)
		return
	}
	q.got = q.got.With(keys(key)[0])
	if q.choices != nil {
		longer, match := q.got.HasPrefixOf(q.choices)
		if match != "" && !longer || match == "" && !longer {
			q.close(r)
			return
		}
	} else if q.got.Len() >= q.max {
		q.close(r)
		return
	}
	r.setTimer(TimerBetweenDigits, q.timing.between)
}

// close ends an answer that is complete without "#", and swallows one that
// the caller adds out of habit.
func (q *question) close(r *Run) {
	if text := keys(r.ahead); text != "" && text[0] == '#' {
		r.takeAhead()
	} else {
		r.closed = text == ""
	}
	q.end(r)
}

// end judges the answer.
func (q *question) end(r *Run) {
	r.stopTimer()
	if q.choices != nil {
		if _, match := q.got.HasPrefixOf(q.choices); match != "" && q.done(q.got, match) {
			return
		}
	} else if q.got.Len() >= q.min && q.got.Len() <= q.max && q.done(q.got, "") {
		return
	}
	q.wrong++
	// What was keyed ahead was meant for another question.
	r.ahead, r.closed = phi.Digits{}, false
	q.again(r, q.noMatch, q.wrong)
}

// timeout comes when the caller has keyed nothing, or nothing more.
func (q *question) timeout(r *Run, id TimerID) {
	if id == TimerBetweenDigits {
		q.end(r)
		return
	}
	q.silent++
	q.again(r, q.noInput, q.silent)
}

// again asks once more, or goes on without an answer.
func (q *question) again(r *Run, reply reply, times int) {
	switch {
	case times > reply.retries && reply.then != nil:
		reply.then()
		return
	case times > reply.retries:
		r.follow(reply.next)
		return
	}
	q.put(r, slices.Concat(reply.row(times), q.row))
}
