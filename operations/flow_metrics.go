package operations

import (
	"github.com/prometheus/client_golang/prometheus"

	"careline/call/insight"
)

// flowMetrics tell what callers do in the flows. The labels are the admin's names of
// flows, steps and ways.
type flowMetrics struct {
	callers, entered, hungUp, median, ways, ended *prometheus.Desc
}

func newFlowMetrics() flowMetrics {
	return flowMetrics{
		callers: describe("flow_callers", "Callers who are at the step now.", "flow", "step"),
		entered: describe("flow_step_entered_total", "Callers who came to the step.", "flow", "step"),
		hungUp:  describe("flow_step_hung_up_total", "Callers who hung up at the step.", "flow", "step"),
		median:  describe("flow_step_median_seconds", "How long half of the callers stayed at the step.", "flow", "step"),
		ways:    describe("flow_way_taken_total", "Callers who left the step by the way.", "flow", "step", "way"),
		ended:   describe("flow_calls_ended_total", "Calls that left the flows: hung_up by the caller, served by the flow, taken by a person, or broken.", "how"),
	}
}

func (m flowMetrics) all() []*prometheus.Desc {
	return []*prometheus.Desc{m.callers, m.entered, m.hungUp, m.median, m.ways, m.ended}
}

func (m flowMetrics) collect(figures insight.Figures, out chan<- prometheus.Metric) {
	tell := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, kind, value, labels...)
	}
	for _, how := range []insight.Ending{insight.HungUp, insight.Served, insight.Taken, insight.Broken} {
		tell(m.ended, prometheus.CounterValue, float64(figures.Ended[how]), string(how))
	}
	for _, step := range figures.Steps {
		tell(m.callers, prometheus.GaugeValue, float64(step.Live), step.Flow, step.Step)
		tell(m.entered, prometheus.CounterValue, float64(step.Entered), step.Flow, step.Step)
		tell(m.hungUp, prometheus.CounterValue, float64(step.HungUp), step.Flow, step.Step)
		tell(m.median, prometheus.GaugeValue, step.Median.Seconds(), step.Flow, step.Step)
		taken := map[string]uint64{}
		for _, way := range step.Ways { // another version may have led elsewhere by the same word
			taken[way.Via] += way.Taken
		}
		for via, n := range taken {
			tell(m.ways, prometheus.CounterValue, float64(n), step.Flow, step.Step, via)
		}
	}
}
