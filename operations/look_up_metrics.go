package operations

import (
	"github.com/prometheus/client_golang/prometheus"

	"careline/lookup"
)

// lookUpMetrics tell how services outside answer. The label is the admin's name of
// the service.
type lookUpMetrics struct{ ended, resting *prometheus.Desc }

func newLookUpMetrics() lookUpMetrics {
	return lookUpMetrics{
		ended:   describe("look_ups_total", "Look-ups by how they ended: found, kept (found without asking), missing, failed, or given_up by the caller.", "service", "how"),
		resting: describe("look_up_service_resting", "1 while the service is left alone, since it failed too often.", "service"),
	}
}

func (m lookUpMetrics) all() []*prometheus.Desc { return []*prometheus.Desc{m.ended, m.resting} }

func (m lookUpMetrics) collect(services []lookup.Stats, out chan<- prometheus.Metric) {
	for _, s := range services {
		for _, one := range []struct {
			how string
			n   uint64
		}{{"found", s.Found}, {"kept", s.Kept}, {"missing", s.Missing}, {"failed", s.Failed}, {"given_up", s.GivenUp}} {
			out <- prometheus.MustNewConstMetric(m.ended, prometheus.CounterValue, float64(one.n), s.Service, one.how)
		}
		resting := 0.0
		if s.Resting {
			resting = 1
		}
		out <- prometheus.MustNewConstMetric(m.resting, prometheus.GaugeValue, resting, s.Service)
	}
}
