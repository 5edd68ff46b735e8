package call

import "time"

// timers are a call's named timers. One that is set again or stopped can't fire
// late: its generation has passed.
type timers struct {
	post    func(message)
	running map[string]*runningTimer
	count   int
}

type runningTimer struct {
	timer      *time.Timer
	generation int
}

func newTimers(post func(message)) *timers {
	return &timers{post: post, running: map[string]*runningTimer{}}
}

func (t *timers) set(name string, d time.Duration) {
	t.stop(name)
	t.count++
	generation := t.count
	t.running[name] = &runningTimer{
		timer:      time.AfterFunc(d, func() { t.post(timerMessage{name: name, generation: generation}) }),
		generation: generation,
	}
}

func (t *timers) stop(name string) {
	if running, ok := t.running[name]; ok {
		running.timer.Stop()
		delete(t.running, name)
	}
}

// fired reports whether the message is of a timer that still counts.
func (t *timers) fired(m timerMessage) bool {
	running, ok := t.running[m.name]
	if !ok || running.generation != m.generation {
		return false
	}
	delete(t.running, m.name)
	return true
}

func (t *timers) stopAll() {
	for name := range t.running {
		t.stop(name)
	}
}
