package ledger

import (
	"errors"
	"strings"
	"testing"
	"time"

	"careline/phi"
)

func aMessage(id, box string, left time.Time) Message {
	return Message{ID: id, Box: box, Call: "call-1", Line: "After hours", Language: "en-US", Left: left, Length: 12 * time.Second, Verification: "none", Number: NumberEntered, Due: left.Add(24 * time.Hour)}
}

func TestAMessageIsKeptUntilItIsAnswered(t *testing.T) {
	l := open(t, newPath(t))
	ctx := t.Context()
	begins := time.Date(2026, 11, 25, 22, 0, 0, 0, time.UTC)
	for i, m := range []Message{aMessage("m1", "nights", begins), aMessage("m2", "nights", begins.Add(-time.Hour)), aMessage("m3", "claims", begins)} {
		if err := l.LeaveMessage(ctx, m, phi.NewString([]string{"6085550142", "6085550143", "6085550144"}[i])); err != nil {
			t.Fatal(err)
		}
	}
	listed := func(boxes ...string) string {
		list, err := l.Messages(ctx, boxes, 10)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, m := range list {
			ids = append(ids, m.ID)
		}
		return strings.Join(ids, " ")
	}
	if got := listed("nights"); got != "m2 m1" { // what is due first comes first
		t.Errorf("listed are %s", got)
	}
	if got := listed(); got != "" {
		t.Errorf("of no box there are %s", got)
	}
	figures, err := l.MessageFigures(ctx, begins.Add(23*time.Hour+time.Minute))
	if err != nil || figures["nights"] != (MessageFigures{Open: 2, Overdue: 1}) || figures["claims"] != (MessageFigures{Open: 1}) {
		t.Errorf("figures are %v, %v", figures, err)
	}
	if m, err := l.HearMessage(ctx, "m2", "agent:maria"); err != nil || m.HeardBy != "agent:maria" {
		t.Errorf("%+v, %v", m, err)
	}
	if m, err := l.HearMessage(ctx, "m2", "agent:sam"); err != nil || m.HeardBy != "agent:maria" {
		t.Errorf("who heard it first is %q, %v", m.HeardBy, err)
	}
	if m, err := l.AnswerMessage(ctx, "m2", "agent:maria", OutcomeNoAnswer); err != nil || !m.Open() || len(m.Tries) != 1 {
		t.Errorf("%+v, %v", m, err)
	}
	if m, err := l.AnswerMessage(ctx, "m2", "agent:maria", OutcomeReached); err != nil || m.Open() || m.Overdue(begins.Add(time.Hour*1000)) {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := l.AnswerMessage(ctx, "m2", "agent:sam", OutcomeReached); !errors.Is(err, ErrAnswered) {
		t.Errorf("answered twice: %v", err)
	}
	if _, err := l.AnswerMessage(ctx, "m1", "agent:sam", "happy"); !errors.Is(err, ErrInvalid) {
		t.Errorf("an outcome that is none: %v", err)
	}
	if _, err := l.AnswerMessage(ctx, "m9", "agent:sam", OutcomeReached); !errors.Is(err, ErrNotFound) {
		t.Errorf("a message that is none: %v", err)
	}
	if got := listed("nights", "claims"); got != "m1 m3 m2" {
		t.Errorf("listed are %s", got)
	}
	entries, err := l.Audit(ctx, "call-1")
	if err != nil || len(entries) != 2 || entries[1].Kind != AuditMessage || entries[1].Outcome != "reached" || entries[1].Subject != "m2" {
		t.Errorf("the audit says %+v, %v", entries, err)
	}
}

func TestANumberIsSealedAndReadByTheAudit(t *testing.T) {
	l := open(t, newPath(t))
	ctx := t.Context()
	begins := time.Date(2026, 11, 25, 22, 0, 0, 0, time.UTC)
	if err := l.LeaveMessage(ctx, aMessage("m1", "nights", begins), phi.NewString("6085550142")); err != nil {
		t.Fatal(err)
	}
	var sealed []byte
	var record string
	if err := l.read.QueryRowContext(ctx, "SELECT number, record FROM messages").Scan(&sealed, &record); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(sealed)+record, "555") {
		t.Error("the number can be read in the file")
	}
	number, err := l.MessageNumber(ctx, "m1", phi.Access{Call: "call-1", Actor: "agent:maria", Field: "number to call back on", Purpose: phi.CallBack})
	if err != nil || number != "6085550142" {
		t.Errorf("the number is %q, %v", number, err)
	}
	entries, err := l.Audit(ctx, "call-1")
	if err != nil || len(entries) != 1 || entries[0].Kind != AuditAccess || entries[0].Purpose != string(phi.CallBack) {
		t.Errorf("the audit says %+v, %v", entries, err)
	}
	none := aMessage("m2", "nights", begins)
	none.Number = NumberNone
	if err := l.LeaveMessage(ctx, none, phi.String{}); err != nil {
		t.Fatal(err)
	}
	if number, err := l.MessageNumber(ctx, "m2", phi.Access{Call: "call-1", Actor: "agent:maria", Field: "number"}); err != nil || number != "" {
		t.Errorf("the number is %q, %v", number, err)
	}
	if err := l.LeaveMessage(ctx, none, phi.NewString("1")); !errors.Is(err, ErrInvalid) {
		t.Errorf("a number of which nothing is said: %v", err)
	}
}

func TestAnswersOfSurveysAreKeptByQuestion(t *testing.T) {
	l := open(t, newPath(t))
	ctx := t.Context()
	at := time.Date(2026, 11, 25, 22, 0, 0, 0, time.UTC)
	a := SurveyAnswer{Call: "call-1", Survey: "after-call", Question: "solved", Time: at, Queue: "claims", Agent: "maria", Language: "en-US", Answer: 3, Scale: 5}
	b := a
	b.Answer = 4
	c := SurveyAnswer{Call: "call-1", Survey: "after-call", Question: "comment", Time: at.Add(time.Second), Recording: "r1"}
	for _, one := range []SurveyAnswer{a, b, c} {
		if err := l.SaveSurveyAnswer(ctx, one); err != nil {
			t.Fatal(err)
		}
	}
	list, err := l.SurveyAnswers(ctx, "", time.Time{}.AddDate(1970, 0, 0))
	if err != nil || len(list) != 2 || list[0] != b || list[1] != c {
		t.Errorf("kept is %+v, %v", list, err)
	}
	if list, err := l.SurveyAnswers(ctx, "other", at); err != nil || len(list) != 0 {
		t.Errorf("of another survey there is %+v, %v", list, err)
	}
	a.Answer = 6
	if err := l.SaveSurveyAnswer(ctx, a); !errors.Is(err, ErrInvalid) {
		t.Errorf("six of five: %v", err)
	}
}
