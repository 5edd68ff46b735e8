package sip

import (
	"errors"
	"net/netip"
	"sync"

	gosip "github.com/emiago/sipgo/sip"
)

// dialogKey is a dialog's identity, seen from us (RFC 3261 section 12).
type dialogKey struct{ call, local, remote string }

// requestKey finds the same request by another way (RFC 3261 section 8.2.2.2).
type requestKey struct {
	call, remote string
	sequence     uint32
}

var (
	errMerged   = errors.New("sip: the same INVITE came by another way")
	errCrowded  = errors.New("sip: as many calls from one source as may be")
	errFull     = errors.New("sip: as many dialogs as may be")
	errShutting = errors.New("sip: the server is ending")
)

// maxAnnounced bounds the INVITEs remembered between the socket and their dialog.
const maxAnnounced = 1024

// registry knows the dialogs. Messages are announced to it in the order of the
// socket, since sipgo then gives each to a goroutine of its own: a CANCEL that
// overtakes its INVITE there is found when the dialog is added.
type registry struct {
	mu        sync.Mutex
	limit     int
	perSource int // calls of one source that must prove who it is
	sources   map[netip.Addr]int
	closed    bool
	dialogs   map[dialogKey]*Dialog
	requests  map[requestKey]*Dialog
	announced map[dialogKey]*gosip.Request // nil until the CANCEL comes
	order     []dialogKey                  // of announced, oldest first
	running   sync.WaitGroup               // the goroutines of the dialogs
}

func newRegistry(limit, perSource int) *registry {
	return &registry{
		limit: limit, perSource: perSource, sources: map[netip.Addr]int{}, dialogs: map[dialogKey]*Dialog{}, requests: map[requestKey]*Dialog{},
		announced: map[dialogKey]*gosip.Request{},
	}
}

// announce remembers a new INVITE, beyond its dialog's end, so that a CANCEL
// that comes late is still one of something. The oldest makes room.
func (r *registry) announce(key dialogKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.announced[key]; known {
		return
	}
	if len(r.order) >= maxAnnounced {
		delete(r.announced, r.order[0])
		r.order = r.order[1:]
	}
	r.announced[key] = nil
	r.order = append(r.order, key)
}

// cancel tells the dialog of a CANCEL, or keeps it for the dialog to come.
func (r *registry) cancel(key dialogKey, request *gosip.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if dialog := r.dialogs[key]; dialog != nil {
		dialog.post(inbound{in: inCancel, request: request})
	} else if _, known := r.announced[key]; known {
		r.announced[key] = request
	}
}

// expects reports whether a CANCEL for key has something to cancel.
func (r *registry) expects(key dialogKey) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, announced := r.announced[key]
	return announced || r.dialogs[key] != nil
}

// add makes a dialog known, and hands out a CANCEL that came before it.
func (r *registry) add(dialog *Dialog) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return errShutting
	case !dialog.outbound && r.requests[dialog.requestKey] != nil:
		return errMerged
	case len(r.dialogs) >= r.limit:
		return errFull
	case dialog.counted && r.sources[dialog.remote.Addr()] >= r.perSource:
		return errCrowded
	}
	r.dialogs[dialog.key] = dialog
	if !dialog.outbound {
		r.requests[dialog.requestKey] = dialog
	}
	if dialog.counted {
		r.sources[dialog.remote.Addr()]++
	}
	r.running.Add(1) // under the lock, so that close misses none
	if cancel := r.announced[dialog.key]; cancel != nil {
		dialog.post(inbound{in: inCancel, request: cancel})
	}
	return nil
}

// find finds a dialog; one of ours that nobody has answered yet whatever the far
// side's tag is.
func (r *registry) find(key dialogKey) *Dialog {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.dialogs[key]; known != nil {
		return known
	}
	return r.dialogs[dialogKey{call: key.call, local: key.local}]
}

// confirm gives a dialog of ours the tag of whoever answered.
func (r *registry) confirm(dialog *Dialog, remote string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.dialogs, dialog.key)
	dialog.key.remote = remote
	r.dialogs[dialog.key] = dialog
}

func (r *registry) remove(dialog *Dialog) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.dialogs, dialog.key)
	if !dialog.outbound {
		delete(r.requests, dialog.requestKey)
	}
	if source := dialog.remote.Addr(); dialog.counted {
		if r.sources[source]--; r.sources[source] <= 0 {
			delete(r.sources, source)
		}
	}
	r.running.Done()
}

func (r *registry) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.dialogs)
}

// close takes no more dialogs and lists those that are there.
func (r *registry) close() []*Dialog {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	var all []*Dialog
	for _, dialog := range r.dialogs {
		all = append(all, dialog)
	}
	return all
}
