package media

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

// stampArrivals lets the system note when packets come.
func stampArrivals(fd uintptr) {
	_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
}

// arrivalStamp reads what the system noted, on its wall clock.
func arrivalStamp(control []byte) (time.Time, bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return time.Time{}, false
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= 16 {
			seconds, nanoseconds := binary.NativeEndian.Uint64(m.Data), binary.NativeEndian.Uint64(m.Data[8:])
			return time.Unix(int64(seconds), int64(nanoseconds)), true
		}
	}
	return time.Time{}, false
}

// waiting reports whether a packet is there to be read. The scheduler isn't told of
// the system call, which would wake its watchdog: hardly ever is one there.
func waiting(fd uintptr) bool {
	_, _, problem := unix.RawSyscall6(unix.SYS_RECVFROM, fd, 0, 0, unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
	return problem != unix.EAGAIN
}
