package call

import (
	"cmp"
	"slices"
	"sync"

	"careline/ivr"
)

// maxSurveyed bounds the counters: flows name surveys, and may be published often.
const maxSurveyed = 2000

// surveyCounters count answers. The zero value is ready.
type surveyCounters struct {
	mu    sync.Mutex
	count map[SurveyStats]uint64
}

func (c *surveyCounters) add(a ivr.SurveyAnswer) {
	if a.Scale == 0 {
		return
	}
	key := SurveyStats{Survey: a.Survey, Question: a.Question, Answer: a.Answer}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == nil {
		c.count = map[SurveyStats]uint64{}
	}
	if _, known := c.count[key]; known || len(c.count) < maxSurveyed {
		c.count[key]++
	}
}

func (c *surveyCounters) stats() []SurveyStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []SurveyStats
	for key, n := range c.count {
		key.Count = n
		all = append(all, key)
	}
	slices.SortFunc(all, func(a, b SurveyStats) int {
		return cmp.Or(cmp.Compare(a.Survey, b.Survey), cmp.Compare(a.Question, b.Question), cmp.Compare(a.Answer, b.Answer))
	})
	return all
}
