package ledger

import (
	"context"
	"fmt"
	"time"
)

// SurveyAnswer is one answer, by call, queue and agent. It says nothing of who gave it.
type SurveyAnswer struct {
	Call, Survey, Question string
	Time                   time.Time
	// Queue and Agent whom the caller had talked with; empty for nobody.
	Queue, Agent, Language string
	// Answer is from 1 to Scale; both are 0 for a comment, which is in Recording.
	Answer, Scale int
	Recording     string
}

// SaveSurveyAnswer keeps an answer, in place of the one before.
func (l *Ledger) SaveSurveyAnswer(ctx context.Context, a SurveyAnswer) error {
	for _, text := range []string{a.Call, a.Survey, a.Question} {
		if text == "" || len(text) > MaxField {
			return fmt.Errorf("%w: a survey's answer has a call, a survey and a question", ErrInvalid)
		}
	}
	if a.Time.IsZero() || a.Answer < 0 || a.Answer > a.Scale {
		return fmt.Errorf("%w: a survey's answer has a time, and lies within its scale", ErrInvalid)
	}
	return l.do(ctx, func(w *writer) error {
		return w.exec("INSERT OR REPLACE INTO survey_answers (call, survey, question, time, queue, agent, language, scale, answer, recording) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			a.Call, a.Survey, a.Question, a.Time.UnixNano(), a.Queue, a.Agent, a.Language, a.Scale, a.Answer, a.Recording)
	})
}

// SurveyAnswers are those of a survey from a time on, the oldest first; of all surveys
// where it is empty.
func (l *Ledger) SurveyAnswers(ctx context.Context, survey string, since time.Time) ([]SurveyAnswer, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT call, survey, question, time, queue, agent, language, scale, answer, recording
		FROM survey_answers WHERE time >= ? AND (? = '' OR survey = ?) ORDER BY time, call, question`, since.UnixNano(), survey, survey)
	if err != nil {
		return nil, fmt.Errorf("ledger: survey: %w", explain(err))
	}
	defer rows.Close()
	var list []SurveyAnswer
	for rows.Next() {
		var a SurveyAnswer
		var at int64
		if err := rows.Scan(&a.Call, &a.Survey, &a.Question, &at, &a.Queue, &a.Agent, &a.Language, &a.Scale, &a.Answer, &a.Recording); err != nil {
			return nil, fmt.Errorf("ledger: survey: %w", explain(err))
		}
		a.Time = time.Unix(0, at).UTC()
		list = append(list, a)
	}
	return list, rows.Err()
}
