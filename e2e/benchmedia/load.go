package main

import (
	"context"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"careline/media"
)

// drained is how long after the last packet the rest may come in.
const drained = 300 * time.Millisecond

// Load is the far side of all calls: telephones by RTP, callers by SIP, browsers
// by WebRTC. The parent calls its methods one after the other.
type Load struct {
	callers *callers
	sip     *sipCallers
	work    errgroup.Group
	stop    context.CancelFunc
}

func newLoad() (*Load, error) {
	callers, err := newCallers(loopback)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	l := &Load{callers: callers, stop: stop}
	l.work.Go(func() error { return callers.run(ctx) })
	return l, nil
}

func (l *Load) close() error {
	l.stop()
	err := l.work.Wait()
	l.callers.close()
	if l.callers.browser != nil {
		l.callers.browser.close()
	}
	if l.sip != nil {
		l.sip.close()
	}
	return err
}

// Addresses are where the load hears RTP.
func (l *Load) Addresses(_ struct{}, all *[]netip.AddrPort) error {
	*all = l.callers.addresses()
	return nil
}

// Offers makes so many browsers, and their offers.
func (l *Load) Offers(count int, offers *[]string) error {
	browsers, err := newBrowsers(count)
	if err != nil {
		return err
	}
	*offers = browsers.offers()
	l.callers.mu.Lock()
	defer l.callers.mu.Unlock()
	l.callers.browser = browsers
	return nil
}

// Begin is what the load needs to know to send.
type Begin struct {
	Ports   []uint16      // of the server's legs
	Answers []string      // to the browsers' offers
	Codecs  []media.Codec // of the legs, over and over
	ByGrid  bool          // how lateness is measured
}

// Begin sends RTP to the server's legs, and connects the browsers.
func (l *Load) Begin(begin Begin, _ *struct{}) error {
	if l.callers.browser != nil {
		if err := l.callers.browser.connect(begin.Answers); err != nil {
			return err
		}
	}
	how := byStamp
	if begin.ByGrid {
		how = byGrid
	}
	codings, err := newCodings(begin.Codecs)
	if err != nil {
		return err
	}
	l.callers.begin(loopback, begin.Ports, codings, how)
	return nil
}

// Place is an order for calls by SIP.
type Place struct {
	Server netip.AddrPort
	Number string
	Calls  int
	Rate   int // a second
	Silent bool
}

// Place calls the server, and begins to send RTP once all calls are answered, unless
// they are to be Silent.
func (l *Load) Place(place Place, _ *struct{}) error {
	calls, err := newSIPCallers(place.Server, place.Number, l.callers.addresses())
	if err != nil {
		return err
	}
	l.sip = calls
	ports, err := calls.place(place.Calls, place.Rate)
	if err != nil {
		return err
	}
	codings, err := newCodings([]media.Codec{media.PCMU})
	if err != nil {
		return err
	}
	l.callers.begin(place.Server.Addr(), ports, codings, byGrid)
	if place.Silent {
		l.callers.stop()
	}
	return nil
}

// Mark begins to measure anew.
func (l *Load) Mark(struct{}, *struct{}) error {
	l.callers.mark()
	return nil
}

// Stop ends the measurement: the load is silent, the calls stay up.
func (l *Load) Stop(_ struct{}, heard *Heard) error {
	l.callers.stop()
	timer := time.NewTimer(drained)
	defer timer.Stop()
	<-timer.C
	result, err := l.callers.result()
	*heard = result
	return err
}

// HangUp ends the calls by SIP.
func (l *Load) HangUp(struct{}, *struct{}) error {
	if l.sip == nil {
		return nil
	}
	return l.sip.hangUp()
}
