package operations

import (
	"github.com/prometheus/client_golang/prometheus"

	"careline/ledger/recording"
)

// recordingMetrics tell what is recorded, and what should be and isn't.
type recordingMetrics []recordingMetric

type recordingMetric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(recording.Stats) float64
}

func newRecordingMetrics() recordingMetrics {
	const count, gauge = prometheus.CounterValue, prometheus.GaugeValue
	return recordingMetrics{
		{describe("recordings_begun_total", "Recordings begun."), count, func(s recording.Stats) float64 { return float64(s.Begun) }},
		{describe("recordings_whole_total", "Recordings that ended in order."), count, func(s recording.Stats) float64 { return float64(s.Whole) }},
		{describe("recordings_cut_total", "Recordings that a failing disk or ledger ended."), count, func(s recording.Stats) float64 { return float64(s.Cut) }},
		{describe("recordings_disposed_total", "Recordings whose keys were destroyed."), count, func(s recording.Stats) float64 { return float64(s.Disposed) }},
		{describe("recordings_overdue", "Recordings past their time that couldn't be disposed of."), gauge, func(s recording.Stats) float64 { return float64(s.Overdue) }},
		{describe("recordings_free_bytes", "Room on the disk of recordings; -1 where it can't be asked."), gauge, func(s recording.Stats) float64 { return float64(s.Free) }},
		{describe("recordings_room", "1 while recordings can begin; 0 with less than recordings.min_free: calls go on unrecorded."), gauge, func(s recording.Stats) float64 {
			if s.Room {
				return 1
			}
			return 0
		}},
	}
}

func (m recordingMetrics) all() (descs []*prometheus.Desc) {
	for _, one := range m {
		descs = append(descs, one.desc)
	}
	return descs
}

func (m recordingMetrics) collect(stats recording.Stats, out chan<- prometheus.Metric) {
	for _, one := range m {
		out <- prometheus.MustNewConstMetric(one.desc, one.kind, one.read(stats))
	}
}
