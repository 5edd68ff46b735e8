package operations

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"careline/acd"
)

// collector asks the rooms for their numbers at each scrape, so that nothing is
// counted twice and a scrape costs no call anything.
type collector struct {
	options Options
	state   func() State
	metrics []metric
	queue   [2]*prometheus.Desc
	sound   [2]*prometheus.Desc
	agents  *prometheus.Desc
	flows   flowMetrics
	tapes   recordingMetrics
	lookUps lookUpMetrics
	voices  voiceMetrics
	build   *prometheus.Desc
}

// metric is one number without labels.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(numbers) float64
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("careline_"+name, help, labels, nil)
}

func newCollector(options Options, state func() State) *collector {
	return &collector{
		options: options, state: state, metrics: metrics(),
		queue: [2]*prometheus.Desc{
			describe("queue_waiting", "Callers waiting in the queue.", "queue"),
			describe("queue_longest_wait_seconds", "The longest present wait in the queue.", "queue"),
		},
		sound: [2]*prometheus.Desc{
			describe("sound_mos", "Mean opinion score of each leg that left a call, as estimated by the E-model (ITU-T G.107).", "leg", "direction"),
			describe("sound_one_way_total", "Legs that weren't heard for 3.5 s or more, in the direction.", "leg", "direction"),
		},
		flows:   newFlowMetrics(),
		lookUps: newLookUpMetrics(),
		tapes:   newRecordingMetrics(),
		voices:  newVoiceMetrics(),
		agents:  describe("agents", "Agents by state.", "state"),
		build:   describe("build_info", "Always 1; the versions are labels.", "version", "config"),
	}
}

// Describe lists every metric.
func (c *collector) Describe(descs chan<- *prometheus.Desc) {
	for _, m := range c.metrics {
		descs <- m.desc
	}
	for _, desc := range slices.Concat(c.flows.all(), c.lookUps.all(), c.tapes.all(), c.voices.all()) {
		descs <- desc
	}
	for _, desc := range []*prometheus.Desc{c.queue[0], c.queue[1], c.sound[0], c.sound[1], c.agents, c.build} {
		descs <- desc
	}
}

// Collect reads every number once.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	all := numbers{
		calls: c.options.Center.Stats(), media: c.options.Media.Stats(), sip: c.options.SIP.Stats(),
		dialogs: c.options.SIP.ActiveDialogs(), ledger: c.options.Ledger.Stats(), ready: c.state() == Ready,
	}
	if c.options.Flows != nil {
		all.flows = c.options.Flows.Status()
	}
	for _, m := range c.metrics {
		out <- prometheus.MustNewConstMetric(m.desc, m.kind, m.read(all))
	}
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	for _, queue := range all.calls.Queues {
		gauge(c.queue[0], float64(queue.Waiting), queue.Queue)
		gauge(c.queue[1], queue.Longest.Seconds(), queue.Queue)
	}
	for _, one := range all.calls.Sound {
		direction := "received"
		if one.Sent {
			direction = "sent"
		}
		out <- prometheus.MustNewConstHistogram(c.sound[0], one.Scored, one.Sum, one.Scores, string(one.Leg), direction)
		out <- prometheus.MustNewConstMetric(c.sound[1], prometheus.CounterValue, float64(one.OneWay), string(one.Leg), direction)
	}
	for _, state := range agentStates() {
		gauge(c.agents, float64(all.calls.Agents[state]), string(state))
	}
	c.voices.collect(all.calls, c.options.Messages, out)
	c.flows.collect(c.options.Center.Insight(), out)
	if c.options.LookUps != nil {
		c.lookUps.collect(c.options.LookUps.Stats(), out)
	}
	if c.options.RecordingStats != nil {
		c.tapes.collect(c.options.RecordingStats.Stats(), out)
	}
	gauge(c.build, 1, c.options.Version, c.options.ConfigVersion)
}

// agentStates are all labels of careline_agents: those without agents are 0,
// not absent, so that an alert on them works from the start.
func agentStates() []acd.AgentState {
	return []acd.AgentState{acd.SignedOut, acd.Available, acd.Offered, acd.Connecting, acd.Talking, acd.Holding, acd.WrapUp, acd.Away}
}
