//go:build !linux

package packetio

import "net/netip"

// NewPoller fails: there is a Poller on Linux alone.
func NewPoller() (IO, error) { return nil, ErrUnsupported }

// PollShared fails: sockets are read in batches on Linux alone.
func PollShared(netip.AddrPort, int) (Shared, error) { return nil, ErrUnsupported }
