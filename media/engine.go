package media

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"careline/media/jitter"

	"careline/media/rtcp"
)

// DefaultTimeout is how long a far side that should send may send nothing.
const DefaultTimeout = 30 * time.Second

// Options are what an Engine is made of.
type Options struct {
	// Address is where RTP sockets bind and what SDP names: one address of this
	// machine, not 0.0.0.0.
	Address netip.Addr
	// PortMin and PortMax bound the RTP ports; the even ones are used. Both 0:
	// the system chooses.
	PortMin, PortMax uint16
	// WebRTC is the one UDP socket for all browsers; port 0: any.
	WebRTC netip.AddrPort
	// WebRTCTCP is the one TCP socket for browsers that UDP doesn't reach; port 0: any.
	// Zero: none.
	WebRTCTCP netip.AddrPort
	// Public is the address under which a 1:1 NAT makes Address, WebRTC and WebRTCTCP
	// known, with the same ports. SDP then names it in Address's place, and browsers
	// are told it beside those. Zero: none.
	Public netip.Addr
	// Codecs are what legs may speak unless LegOptions.Codecs says otherwise, in the
	// order of preference; empty: DefaultCodecs.
	Codecs []Codec
	// Clips are prepared for the codecs that they were made for, as the engine runs.
	Clips []*Clip
	// Opus is how we want to be sent it, and within which we send it.
	Opus OpusParameters
	// Timeout is when EventTimeout comes; 0 is DefaultTimeout, negative never.
	Timeout time.Duration
	// DrainFor is how long a closed leg's port rests; 0 is DefaultDrain, negative
	// not at all.
	DrainFor time.Duration
	// PacketIO is how RTP's packets are moved; 0 is BatchedIO.
	PacketIO PacketIO
	// InbandDigits says of which telephones keys are listened for in the sound.
	InbandDigits InbandDigits
	// Log may be nil.
	Log *zap.Logger
}

// Engine owns the pacers, the ports and all legs.
type Engine struct {
	log     *zap.Logger
	address netip.Addr
	public  netip.Addr // that SDP names in its place; invalid: none
	timeout time.Duration
	inband  InbandDigits
	codecs  []Codec // what legs speak
	opus    OpusParameters
	clips   []*Clip // to be prepared
	pacers  []*pacer
	moving  PacketIO
	webrtc  *webrtcSide
	group   sync.WaitGroup // the goroutines that read or close; begun under mu while not closed
	besides besides

	mu     sync.Mutex // opening, closing and joining; never on a packet's path
	ports  *ports
	legs   map[*Leg]struct{}
	closed bool
	past   totals // of the legs that are gone
}

// totals are the counters of legs, summed up.
type totals struct {
	received, lost, sent, ignored, malformed, unauthentic, sendErrors uint64
	buffer                                                            jitter.Stats
}

func (t *totals) add(stats LegStats) {
	t.received += stats.PacketsReceived
	t.lost += stats.PacketsLost
	t.sent += stats.PacketsSent
	t.ignored += stats.Ignored
	t.malformed += stats.Malformed
	t.unauthentic += stats.Unauthentic
	t.sendErrors += stats.SendErrors
	t.buffer.Add(stats.Buffer)
}

// New checks the options. Nothing is bound or started.
func New(options Options) (*Engine, error) {
	address := options.Address.Unmap()
	if !address.IsValid() || address.IsUnspecified() || address.IsMulticast() {
		return nil, fmt.Errorf("media: address %q can't be named in SDP; set media.address to one address of this machine", options.Address)
	}
	if options.Log == nil {
		options.Log = zap.NewNop()
	}
	if options.Timeout == 0 {
		options.Timeout = DefaultTimeout
	}
	if len(options.Codecs) == 0 {
		options.Codecs = DefaultCodecs()
	}
	if options.PacketIO == 0 {
		options.PacketIO = BatchedIO
	}
	if options.DrainFor == 0 {
		options.DrainFor = DefaultDrain
	}
	ports, err := newPorts(address, options.PortMin, options.PortMax, max(options.DrainFor, 0))
	if err != nil {
		return nil, err
	}
	public := options.Public.Unmap()
	if public.IsValid() && (public.IsUnspecified() || public.IsMulticast() || public.Is4() != address.Is4()) {
		return nil, fmt.Errorf("media: public address %s can't stand for %s; set media.public to the one that the NAT gives to media.address", public, address)
	}
	options.Public = public
	side, err := newWebRTCSide(options)
	if err != nil {
		return nil, err
	}
	engine := &Engine{
		log: options.Log, address: address, public: public, timeout: options.Timeout, moving: options.PacketIO,
		inband: options.InbandDigits, codecs: options.Codecs, opus: options.Opus, clips: options.Clips,
		ports: ports, webrtc: side, legs: make(map[*Leg]struct{}), besides: besides{asking: make(chan *Leg, maxAsking)},
	}
	for range runtime.GOMAXPROCS(0) {
		engine.pacers = append(engine.pacers, newPacer())
	}
	return engine, nil
}

// Listen binds the WebRTC socket. The error of a busy port names it and the key.
func (e *Engine) Listen() error {
	if err := e.webrtc.listen(); err != nil {
		return err
	}
	e.openIO()
	return nil
}

// WebRTCAddress is where browsers send to; zero before Listen.
func (e *Engine) WebRTCAddress() netip.AddrPort { return e.webrtc.address() }

// WebRTCTCPAddress is where browsers connect to that UDP doesn't reach; zero for none.
func (e *Engine) WebRTCTCPAddress() netip.AddrPort { return e.webrtc.addressTCP() }

// Run paces all legs until ctx is done, then closes them and the sockets, and
// returns when every goroutine of the engine has ended. It needs Listen.
func (e *Engine) Run(ctx context.Context) error {
	if !e.webrtc.listening() {
		return errors.New("media: Run before Listen")
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, pacer := range e.pacers {
		group.Go(func() error {
			pacer.run(ctx)
			return nil
		})
	}
	group.Go(func() error {
		prepare(ctx, e.clips)
		return nil
	})
	group.Go(func() error {
		e.besides.run(ctx)
		return nil
	})
	err := group.Wait()
	e.mu.Lock()
	e.closed = true
	legs := make([]*Leg, 0, len(e.legs))
	for leg := range e.legs {
		legs = append(legs, leg)
	}
	e.mu.Unlock()
	for _, leg := range legs {
		leg.Close()
	}
	e.group.Wait()
	for _, pacer := range e.pacers {
		err = errors.Join(err, pacer.io.Close())
	}
	err = errors.Join(err, e.besides.io.Close())
	return errors.Join(err, e.webrtc.close())
}

// OpenRTP takes a port and begins to receive there. Nothing is sent or heard
// before Agree. When all ports are taken the error is ErrNoPorts.
func (e *Engine) OpenRTP(options LegOptions) (*Leg, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, ErrClosed
	}
	if !e.webrtc.listening() {
		return nil, errors.New("media: OpenRTP before Listen")
	}
	pacer := e.idlest()
	socket, err := e.ports.open(pacer.io, time.Now())
	if err != nil {
		return nil, err
	}
	local := socket.Local()
	leg := e.newLeg(options, nil)
	leg.local, leg.rtp = local, rtpSocket{socket}
	leg.out.to = &leg.rtp
	leg.description.Address = local
	if e.public.IsValid() {
		leg.description.Address = netip.AddrPortFrom(e.public, local.Port())
	}
	leg.description.DTLS.Fingerprint = e.webrtc.fingerprint
	leg.keys = newCryptos()
	leg.description.Crypto = leg.keys
	leg.in.latch = new(latch)
	leg.out.fill = true
	leg.release = func() {
		if err := socket.Close(); err != nil {
			e.log.Warn("rtp socket close", zap.String("call", leg.id), zap.Error(err))
		}
		pacer.end()
		e.mu.Lock()
		defer e.mu.Unlock()
		e.ports.close(local.Port(), time.Now())
	}
	err = socket.Receive(leg.receive, func(err error) {
		e.log.Warn("rtp socket read", zap.String("call", leg.id), zap.Error(err))
	})
	if err != nil {
		e.ports.close(local.Port(), time.Now())
		return nil, errors.Join(fmt.Errorf("media: RTP socket: %w", err), socket.Close())
	}
	pacer.begin()
	e.insert(leg, pacer)
	return leg, nil
}

// newLeg makes a leg with random beginnings (RFC 3550 section 5.1); the sequence
// number's leaves room, so that who joins late doesn't miss the first roll-over
// (RFC 3711 section 3.3.1).
func (e *Engine) newLeg(options LegOptions, to sender) *Leg {
	var random [10]byte
	var name [16]byte
	rand.Read(random[:]) // never fails
	rand.Read(name[:])
	leg := &Leg{id: options.ID, engine: e, notify: options.Notify, release: func() {}}
	leg.monitor.name = rtcp.NewName(name)
	leg.in.begun = time.Now()
	leg.out.to = to
	leg.out.ssrc = binary.BigEndian.Uint32(random[0:])
	leg.out.timestamp = binary.BigEndian.Uint32(random[4:])
	leg.out.sequence = binary.BigEndian.Uint16(random[8:]) & 0x7FFF
	leg.description = Description{DigitPayloadType: DigitPayloadType, Opus: e.opus, ReportsMuxed: true}
	leg.out.ownOpus = e.opus
	leg.codecs = options.Codecs
	if len(leg.codecs) == 0 {
		leg.codecs = e.codecs
	}
	for _, codec := range leg.codecs {
		leg.description.Formats = append(leg.description.Formats, Format{codec, codec.PayloadType()})
	}
	return leg
}

// idlest is the pacer with the fewest legs; e.mu is held.
func (e *Engine) idlest() *pacer {
	fewest := e.pacers[0]
	for _, pacer := range e.pacers[1:] {
		if pacer.count.Load() < fewest.count.Load() {
			fewest = pacer
		}
	}
	return fewest
}

// insert gives the leg to the pacer; e.mu is held.
func (e *Engine) insert(leg *Leg, pacer *pacer) {
	e.legs[leg] = struct{}{}
	pacer.add(leg)
}

// remove takes a closing leg out.
func (e *Engine) remove(leg *Leg) {
	e.mu.Lock()
	defer e.mu.Unlock()
	leg.part()
	if _, ok := e.legs[leg]; !ok {
		return
	}
	delete(e.legs, leg)
	leg.place.pacer.remove(leg)
	e.past.add(leg.Stats())
}

// start runs a goroutine of the engine's, which Run waits for; false if it is closed.
func (e *Engine) start(run func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.group.Go(run)
	return true
}
