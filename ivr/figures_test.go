package ivr_test

import (
	"container/heap"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"careline/ivr"
)

// figures, set by `make bench-ivr`, measures and holds what is measured to the limits.
var figures = flag.Bool("figures", false, "print what flows cost, as key=value")

const (
	// soundLength is how long each prompt is taken to be, and silentTime how long
	// callers say nothing: all have been asked again, and wait in line, by then.
	soundLength = 3 * time.Second
	silentTime  = 3 * time.Minute
	// startLimit and checkLimit are what starting a call and checking a flow of 500
	// steps may take.
	startLimit = 50 * time.Microsecond
	checkLimit = 100 * time.Millisecond
)

// TestSilentCallersAllGetInLine: callers who press nothing, many at once, each end in
// line. With -figures there are 5,000, and what they, starting and checking cost is told.
func TestSilentCallersAllGetInLine(t *testing.T) {
	set, calls := loadDemo(t), 50
	if *figures {
		calls = 5000
	}
	room := newRoom()
	before := cpuTime(t)
	lines := make([]*silentLine, calls)
	for i := range lines {
		lines[i] = &silentLine{room: room}
		lines[i].run = ivr.NewRun(set, "member-services", lines[i], ivr.Options{})
		lines[i].run.Start()
	}
	events := room.pass(silentTime)
	spent := cpuTime(t) - before
	for i, line := range lines {
		if !line.queued || line.run.Done() {
			t.Fatalf("caller %d is not in line after %v of silence", i, silentTime)
		}
	}
	if !*figures {
		return
	}
	fmt.Printf("case=sessions sessions=%d virtual_s=%.0f events=%d bytes_per_session=%d cpu_us_per_session_s=%.3f\n",
		calls, silentTime.Seconds(), events, bytesOfSession(set, calls), float64(spent.Nanoseconds())/1e3/float64(calls)/silentTime.Seconds())

	start := fastest(20, func() {
		for range 1000 {
			ivr.NewRun(set, "member-services", quietLine{}, ivr.Options{}).Start()
		}
	}) / 1000
	fmt.Printf("case=start start_us=%.2f\n", float64(start.Nanoseconds())/1e3)

	files := fstest.MapFS{"flows/t.yaml": {Data: []byte(longFlow())}}
	check := fastest(20, func() {
		if _, err := ivr.Load(files, "flows", smallEnvironment("")); err != nil {
			t.Fatal(err)
		}
	})
	fmt.Printf("case=check steps=500 check_ms=%.1f\n", float64(check.Microseconds())/1e3)
	if start > startLimit || check > checkLimit {
		t.Errorf("starting takes %v and checking %v, where %v and %v are allowed", start, check, startLimit, checkLimit)
	}
}

// fastest of so many times, since other programs run too.
func fastest(times int, do func()) time.Duration {
	best := time.Duration(math.MaxInt64)
	for range times {
		began := time.Now()
		do()
		best = min(best, time.Since(began))
	}
	return best
}

// bytesOfSession is what a call that waits for its caller holds on to.
func bytesOfSession(set *ivr.Set, calls int) int {
	var before, after runtime.MemStats
	runs := make([]*ivr.Run, calls)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range runs {
		runs[i] = ivr.NewRun(set, "member-services", quietLine{}, ivr.Options{})
		runs[i].Start()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(runs)
	return (int(after.HeapAlloc) - int(before.HeapAlloc)) / calls
}

// cpuTime is what this process has spent.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(os.NewSyscallError("getrusage", err))
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// room is a virtual clock with what is due by it.
type room struct {
	now time.Time
	due dues
}

type due struct {
	at   time.Time
	tell func()
}

type dues []due

func (d dues) Len() int           { return len(d) }
func (d dues) Less(i, j int) bool { return d[i].at.Before(d[j].at) }
func (d dues) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *dues) Push(one any)      { *d = append(*d, one.(due)) }
func (d *dues) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}

func newRoom() *room { return &room{now: epoch} }

func (r *room) after(d time.Duration, tell func()) { heap.Push(&r.due, due{r.now.Add(d), tell}) }

// pass lets time pass, and says how many events there were.
func (r *room) pass(d time.Duration) (events int) {
	for end := r.now.Add(d); len(r.due) > 0 && !r.due[0].at.After(end); events++ {
		next := heap.Pop(&r.due).(due)
		r.now = next.at
		next.tell()
	}
	return events
}

// silentLine plays and counts time, and its caller does nothing.
type silentLine struct {
	quietLine
	room    *room
	run     *ivr.Run
	playing int
	timer   ivr.TimerID
	set     int // how often a timer was set or stopped: what fires for an earlier one is void
	queued  bool
}

func (l *silentLine) Now() time.Time { return l.room.now }
func (l *silentLine) StopPlaying()   { l.playing = 0 }

func (l *silentLine) Play(row ivr.Playback) {
	l.playing = row.ID
	l.room.after(time.Duration(len(row.Prompts))*soundLength, func() {
		if l.playing == row.ID {
			l.run.Played(row.ID)
		}
	})
}

func (l *silentLine) SetTimer(id ivr.TimerID, d time.Duration) {
	l.set++
	l.timer = id
	this := l.set
	l.room.after(d, func() {
		if l.set == this {
			l.run.TimerFired(id)
		}
	})
}

func (l *silentLine) StopTimer(id ivr.TimerID) {
	if l.timer == id {
		l.set++
	}
}

func (l *silentLine) Queue(ivr.QueueRequest) { l.queued = true }
