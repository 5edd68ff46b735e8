package media

import (
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wakeLatency is added to each beat, so that what is due at it is due when the
// scheduler looks.
const wakeLatency = 20 * time.Microsecond

// metronome lets Go's scheduler look at its timers when a pacer's are due. While
// nothing else goes on it waits in epoll, which counts in whole milliseconds, so
// that timers are late by up to one. The metronome's timer is one of the things
// waited for there; nobody reads it.
type metronome struct {
	file *os.File // nil where the system has none: timers are then as late as they are
	fd   int
}

func newMetronome() *metronome {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return &metronome{}
	}
	return &metronome{os.NewFile(uintptr(fd), "metronome"), fd}
}

// beat wakes the scheduler after so long, once.
func (m *metronome) beat(wait time.Duration) {
	if m.file != nil {
		once := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(wait + wakeLatency))}
		// Raw: a system call that the scheduler is told of wakes its watchdog, a thread
		// that has just gone to sleep because nothing is going on.
		unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(m.fd), 0, uintptr(unsafe.Pointer(&once)), 0, 0, 0)
	}
}

func (m *metronome) close() {
	if m.file != nil {
		_ = m.file.Close()
	}
}
