//go:build !linux

package media

import "time"

// stampArrivals does nothing here: a packet counts as come when it is looked for.
func stampArrivals(uintptr) {}

func arrivalStamp([]byte) (time.Time, bool) { return time.Time{}, false }

// waiting can't tell here.
func waiting(uintptr) bool { return true }
