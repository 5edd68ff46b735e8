//go:build !linux

package packetio

import "errors"

// NewPoller fails: there is a Poller on Linux alone.
func NewPoller() (IO, error) {
	return nil, errors.New("packetio: packets are read in batches on Linux only")
}
