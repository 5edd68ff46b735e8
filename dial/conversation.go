package dial

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"careline/media"

	"github.com/pion/rtp"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
)

// Conversation is a call that has been answered. Open makes it; Close, which
// must be called, hangs up if need be and releases everything.
type Conversation struct {
	options Options
	signals *uac
	socket  *net.UDPConn
	mouth   *mouth
	invited time.Time
	stop    context.CancelFunc
	work    errgroup.Group
	over    chan struct{}

	mu      sync.Mutex
	report  Report
	ear     *ear // nil until the answer
	version int  // of our SDP
	closed  bool
}

// Errors of a Conversation.
var (
	// ErrOver: the far side has hung up, or we have.
	ErrOver = errors.New("dial: the call is over")
	// ErrNoDigits: the far side agreed to no telephone-event.
	ErrNoDigits = errors.New("dial: the far side takes no RFC 4733 digits")
	// ErrTooMuch: more waits to be said than the queue holds.
	ErrTooMuch = errors.New("dial: too much waits to be said")
)

// Open calls and waits for the answer. The report tells how far it came, also
// when there is an error: *RefusedError for a final status of the far side.
// Ending ctx before the answer cancels the INVITE; afterwards ctx is not used.
func Open(ctx context.Context, options Options) (*Conversation, Report, error) {
	options = options.withDefaults()
	report := Report{Target: options.Target, Transport: options.Transport, Steps: len(options.Script), Heard: Heard{FirstSound: -1}}
	t, err := parseTarget(options.Target, options.Transport)
	if err != nil {
		return nil, report, err
	}
	report.Transport = t.transport
	socket, err := openSocket(t.local)
	if err != nil {
		return nil, report, err
	}
	signals, err := newUAC(t, options.From)
	if err != nil {
		return nil, report, errors.Join(err, socket.Close())
	}
	c := &Conversation{options: options, signals: signals, socket: socket, mouth: newMouth(socket), over: make(chan struct{})}
	if err := c.place(ctx, t, &report); err != nil {
		signals.close()
		_ = socket.Close()
		return nil, report, err
	}
	return c, c.Report(), nil
}

// openSocket binds an even port, as RFC 3550 section 11 asks for.
func openSocket(local netip.Addr) (*net.UDPConn, error) {
	var last error
	for range 50 {
		port := uint16(32768 + 2*rand.IntN(14000))
		socket, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, port)))
		if err == nil {
			return socket, nil
		}
		last = err
	}
	return nil, fmt.Errorf("no port for sound: %w", last)
}

// place sends the INVITE and, once answered, starts to listen and to speak.
func (c *Conversation) place(ctx context.Context, t target, report *Report) error {
	c.invited = time.Now()
	c.signals.farBye = func(cause int, text string) { c.end(ByFarSide, cause, text) }
	c.signals.farOffer = c.reoffer
	sdp := c.describe(ourSide(c.local(), c.options.codecs()))
	ringing, stopRinging := context.WithTimeout(ctx, c.options.RingTime)
	defer stopRinging()
	err := c.signals.invite(ringing, t, sdp, c.options.ReplyTime, func(status int, phrase string) {
		report.Status, report.Phrase = status, phrase
		if status != 100 && !report.Rang {
			report.Rang, report.RangAfter = true, time.Since(c.invited)
			c.progress("ringing (%d %s)", status, phrase)
		}
	})
	if err != nil {
		if errors.Is(err, errCancelled) && ctx.Err() == nil {
			report.Problem = fmt.Sprintf("nobody answered within %v", c.options.RingTime)
		}
		return c.explain(err, report)
	}
	answered := time.Now()
	report.Answered, report.AnsweredAfter = true, answered.Sub(c.invited)
	report.Status, report.Phrase = 200, "OK"
	remote, err := readAnswer(c.signals.session.InviteResponse.Body())
	if err != nil {
		report.EndedBy, report.Problem = ByUs, err.Error()
		return errors.Join(err, c.signals.bye(ctx))
	}
	report.Codec = remote.Formats[0].Codec.String()
	c.mouth.agree(remote)
	c.settle(*report, newEar(answered, c.options.CallTime))
	c.start(ctx)
	c.progress("answered, %s", report.Codec)
	return nil
}

// settle takes what is known at the answer; a BYE may have been faster.
func (c *Conversation) settle(report Report, ear *ear) {
	c.mu.Lock()
	defer c.mu.Unlock()
	report.EndedBy, report.Cause, report.CauseText = c.report.EndedBy, c.report.Cause, c.report.CauseText
	c.report, c.ear = report, ear
}

func (c *Conversation) explain(err error, report *Report) error {
	var refused *RefusedError
	switch {
	case errors.As(err, &refused):
		report.EndedBy, report.Status, report.Phrase = ByRefusal, refused.Status, refused.Phrase
		report.Cause, report.CauseText = refused.Cause, refused.CauseText
		c.progress("refused (%d %s)", refused.Status, refused.Phrase)
		return refused
	case errors.Is(err, errCancelled):
		report.EndedBy = ByCancel
		c.progress("cancelled")
		return fmt.Errorf("%s: %w", c.options.Target, errCancelled)
	case errors.Is(err, errNoReply):
		report.EndedBy = ByNobody
		return fmt.Errorf("%s: no reply within %v; is anything listening there?", c.options.Target, c.options.ReplyTime)
	}
	report.EndedBy = ByNobody
	return err
}

// start sets the two directions of sound going; they end with Close.
func (c *Conversation) start(ctx context.Context) {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	c.work.Go(func() error { c.mouth.run(running); return nil })
	c.work.Go(func() error { c.listen(); return nil })
}

// listen reads packets until the socket is closed.
func (c *Conversation) listen() {
	buffer := make([]byte, 2048)
	for {
		n, _, err := c.socket.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP answer to what we sent
		}
		var packet rtp.Packet
		if packet.Unmarshal(buffer[:n]) != nil {
			continue
		}
		if codec := c.mouth.codecOf(packet.PayloadType); codec != media.CodecNone {
			c.ear.hear(&packet, codec, time.Now())
		}
	}
}

// reoffer answers a re-INVITE: the far side's new address, codec and direction
// hold. One without an offer is made ours.
func (c *Conversation) reoffer(body []byte) ([]byte, error) {
	c.mu.Lock()
	answered := c.ear != nil
	c.mu.Unlock()
	if !answered {
		return nil, errPending
	}
	ours := ourSide(c.local(), c.options.codecs())
	if len(body) == 0 {
		return c.describe(ours), nil
	}
	remote, err := readAnswer(body)
	if err != nil {
		return nil, err
	}
	c.mouth.agree(remote)
	ours.Formats, ours.DigitPayloadType = remote.Formats[:1], remote.DigitPayloadType
	ours.Direction = remote.Direction.Answer()
	return c.describe(ours), nil
}

func (c *Conversation) local() netip.AddrPort {
	return c.socket.LocalAddr().(*net.UDPAddr).AddrPort()
}

// describe writes the next version of our SDP.
func (c *Conversation) describe(ours media.Description) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	return writeSDP(ours, uint64(c.invited.UnixNano()), c.version)
}

// Press queues keys; they leave one after the other. pressed is closed when the
// last of them has left.
func (c *Conversation) Press(keys ...media.Digit) (pressed <-chan struct{}, err error) {
	if !c.mouth.takesDigits() {
		return nil, ErrNoDigits
	}
	for _, key := range keys {
		u := newPress(key)
		if !c.mouth.say(u) {
			return nil, ErrTooMuch
		}
		pressed = u.done
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Keys += len(keys)
	return pressed, nil
}

// Say queues sound, 8 kHz samples. said is closed when the last of it has left.
func (c *Conversation) Say(samples []int16) (said <-chan struct{}, err error) {
	u := newUtterance(samples)
	if !c.mouth.say(u) {
		return nil, ErrTooMuch
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Spoken += time.Duration(len(samples)) * time.Second / media.SampleRate
	return u.done, nil
}

// Heard gives what has been heard so far: sample i at start + i/8000 s.
func (c *Conversation) Heard() (start time.Time, samples []int16) {
	return c.ear.start, c.ear.recording()
}

// Report says what has happened so far.
func (c *Conversation) Report() Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	report := c.report
	if c.ear != nil {
		report.Heard = c.ear.heard()
		if report.EndedBy == "" {
			report.Lasted = time.Since(c.ear.start)
		}
	}
	return report
}

// HangUp sends BYE and waits for its answer; nothing if the call is over.
func (c *Conversation) HangUp(ctx context.Context) error {
	if !c.end(ByUs, 0, "") {
		return nil
	}
	if err := c.signals.bye(ctx); err != nil {
		return fmt.Errorf("BYE: %w", err)
	}
	return nil
}

// end marks the call's end once.
func (c *Conversation) end(by EndedBy, cause int, text string) bool {
	c.mu.Lock()
	if c.report.EndedBy != "" {
		c.mu.Unlock()
		return false
	}
	c.report.EndedBy, c.report.Cause, c.report.CauseText = by, cause, text
	if c.ear != nil {
		c.report.Lasted = time.Since(c.ear.start)
	}
	close(c.over)
	c.mu.Unlock()
	c.progress("hung up by %s", by)
	return true
}

// Close hangs up if the call is still on and releases everything.
func (c *Conversation) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	c.mu.Unlock()
	err := c.HangUp(context.Background())
	c.stop()
	_ = c.socket.Close()
	_ = c.work.Wait()
	c.signals.close()
	return err
}

func (c *Conversation) progress(format string, arguments ...any) {
	p := Progress{After: time.Since(c.invited), What: fmt.Sprintf(format, arguments...)}
	c.options.Log.Debug("caller progress", zap.Duration("after", p.After), zap.String("what", p.What))
	c.options.Progress(p)
}
