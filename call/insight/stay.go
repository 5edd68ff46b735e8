package insight

import (
	"math"
	"time"
)

const (
	// stayClasses classes of durations, each growth times as long as the one before,
	// from shortest on: to three hours, in about 5 % steps.
	stayClasses = 240
	shortest    = 100 * time.Millisecond
	growth      = 1.05
)

// stay counts how long callers were at a step. Its size is fixed, whatever comes.
type stay struct {
	classes [stayClasses]uint32
	count   uint64
}

func (s *stay) add(d time.Duration) {
	class := 0
	if d > shortest {
		class = min(stayClasses-1, 1+int(math.Log(float64(d)/float64(shortest))/math.Log(growth)))
	}
	s.classes[class]++
	s.count++
}

// median is the middle of the class in which the middle one is, within 5 % of it; zero
// if there is none.
func (s *stay) median() time.Duration {
	if s.count == 0 {
		return 0
	}
	below := uint64(0)
	for class, n := range s.classes {
		if below += uint64(n); 2*below >= s.count {
			if class == 0 {
				return shortest
			}
			return time.Duration(float64(shortest) * math.Pow(growth, float64(class)-0.5))
		}
	}
	return 0
}
