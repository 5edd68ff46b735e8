package operations

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"careline/call"
	"careline/ledger"
)

// Messages are those that callers left; *ledger.Ledger has them.
type Messages interface {
	MessageFigures(ctx context.Context, now time.Time) (map[string]ledger.MessageFigures, error)
	AnswerMessage(ctx context.Context, id, actor string, outcome ledger.Outcome) (ledger.Message, error)
}

// messagesTime bounds what a scrape waits for the ledger.
const messagesTime = 2 * time.Second

// voiceMetrics tell of messages and surveys. Labels are the admin's names; nothing says
// who called.
type voiceMetrics struct{ left, lost, open, overdue, answers *prometheus.Desc }

func newVoiceMetrics() voiceMetrics {
	return voiceMetrics{
		left:    describe("messages_left_total", "Messages that callers left."),
		lost:    describe("voices_lost_total", "Messages and statements that were said and could not be kept: each should raise an alarm."),
		open:    describe("messages_open", "Messages that are to be answered.", "box"),
		overdue: describe("messages_overdue", "Messages that should have been answered by now: more than 0 should raise an alarm.", "box"),
		answers: describe("survey_answers_total", "Answers of surveys.", "survey", "question", "answer"),
	}
}

func (m voiceMetrics) all() []*prometheus.Desc {
	return []*prometheus.Desc{m.left, m.lost, m.open, m.overdue, m.answers}
}

func (m voiceMetrics) collect(stats call.Stats, messages Messages, out chan<- prometheus.Metric) {
	tell := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, kind, value, labels...)
	}
	tell(m.left, prometheus.CounterValue, float64(stats.Messages))
	tell(m.lost, prometheus.CounterValue, float64(stats.VoicesLost))
	for _, one := range stats.Surveyed {
		tell(m.answers, prometheus.CounterValue, float64(one.Count), one.Survey, one.Question, strconv.Itoa(one.Answer))
	}
	if messages == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), messagesTime)
	defer cancel()
	figures, err := messages.MessageFigures(ctx, time.Now())
	if err != nil {
		return // that the ledger can't be read is told by its probe
	}
	for box, f := range figures {
		tell(m.open, prometheus.GaugeValue, float64(f.Open), box)
		tell(m.overdue, prometheus.GaugeValue, float64(f.Overdue), box)
	}
}
