package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	// The zones are in the binary: a small server has no tzdata package.
	_ "time/tzdata"

	"go.uber.org/zap/zapcore"

	"careline/media"
	"careline/problem"
	"careline/sip"
	"careline/sip/digest"
	"careline/sip/srtp"
)

// The types below read one YAML value each. Their errors stand at the value and
// say what is wrong; what to do follows after a semicolon.

// listener is an address and port to listen at; port 0 takes any free one.
type listener struct{ netip.AddrPort }

func (l *listener) UnmarshalText(text []byte) error {
	address, err := netip.ParseAddrPort(string(text))
	if err != nil {
		return fmt.Errorf("%q is not an address with a port; write it as 127.0.0.1:8088", text)
	}
	l.AddrPort = address
	return nil
}

// endpoint is a listener with its transport.
type endpoint struct {
	transport string
	address   netip.AddrPort
}

func (e *endpoint) UnmarshalText(text []byte) error {
	transport, rest, found := strings.Cut(string(text), "://")
	address, err := netip.ParseAddrPort(rest)
	if !found || err != nil {
		return fmt.Errorf("%q is not a SIP address to listen at; write it as udp://127.0.0.1:5070", text)
	}
	if !slices.Contains(sip.Networks(), transport) {
		return fmt.Errorf("%q is not a transport that Careline speaks; use one of %s", transport, strings.Join(sip.Networks(), ", "))
	}
	e.transport, e.address = transport, address
	return nil
}

func (e endpoint) String() string {
	if e.transport == "" {
		return ""
	}
	return e.transport + "://" + e.address.String()
}

// algorithm is a hash of digest authentication.
type algorithm struct{ digest.Algorithm }

func (a *algorithm) UnmarshalText(text []byte) error {
	parsed, err := digest.ParseAlgorithm(string(text))
	if err != nil || parsed == digest.SHA512t256 {
		return fmt.Errorf("%q is not an algorithm that phones are challenged with; write sha-256 or md5", text)
	}
	a.Algorithm = parsed
	return nil
}

// network is a prefix, or one address.
type network struct{ netip.Prefix }

func (n *network) UnmarshalText(text []byte) error {
	if address, err := netip.ParseAddr(string(text)); err == nil {
		n.Prefix = netip.PrefixFrom(address, address.BitLen())
		return nil
	}
	prefix, err := netip.ParsePrefix(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a range of addresses; write it as 192.0.2.0/24", text)
	}
	n.Prefix = prefix.Masked()
	return nil
}

// host is an address without a port.
type host struct{ netip.Addr }

func (h *host) UnmarshalText(text []byte) error {
	address, err := netip.ParseAddr(string(text))
	if err != nil {
		return fmt.Errorf("%q is not an IP address; write it as 127.0.0.1", text)
	}
	if address.IsUnspecified() {
		return fmt.Errorf("%s is every address, and SDP has to name one; write the address that the trunk sends to", address)
	}
	h.Addr = address
	return nil
}

// portRange is first-last, both included; 0-0 takes any free ports.
type portRange struct{ first, last uint16 }

func (p *portRange) UnmarshalText(text []byte) error {
	before, after, found := strings.Cut(string(text), "-")
	first, errFirst := strconv.ParseUint(before, 10, 16)
	last, errLast := strconv.ParseUint(after, 10, 16)
	if !found || errFirst != nil || errLast != nil {
		return fmt.Errorf("%q is not a range of ports; write it as 20000-20999", text)
	}
	if last < first || (first == 0) != (last == 0) {
		return fmt.Errorf("the range %s ends before it begins; write the lower port first", text)
	}
	p.first, p.last = uint16(first), uint16(last)
	return nil
}

func (p portRange) String() string {
	if p.last == 0 {
		return ""
	}
	return fmt.Sprintf("%d-%d", p.first, p.last)
}

// calls is how many calls the range can hold, an even port each.
func (p portRange) calls() int { return int(p.last)/2 - (int(p.first)+1)/2 + 1 }

// zone is a time zone by its IANA name.
type zone struct{ *time.Location }

func (z *zone) UnmarshalText(text []byte) error {
	location, err := time.LoadLocation(string(text))
	if err != nil || string(text) == "Local" || len(text) == 0 {
		message := fmt.Sprintf("%q is not a time zone", text)
		if near := problem.Nearest(string(text), commonZones()); near != "" {
			return fmt.Errorf("%s; did you mean %q?", message, near)
		}
		return fmt.Errorf("%s; write an IANA name such as America/Chicago", message)
	}
	z.Location = location
	return nil
}

// commonZones are those of the states: what a misspelt name most likely means.
func commonZones() []string {
	return []string{"UTC", "America/New_York", "America/Detroit", "America/Chicago", "America/Denver", "America/Boise",
		"America/Phoenix", "America/Los_Angeles", "America/Anchorage", "America/Puerto_Rico", "Pacific/Honolulu", "Pacific/Guam"}
}

// level is a log level by name.
type level struct{ zapcore.Level }

func (l *level) UnmarshalText(text []byte) error {
	names := []string{"debug", "info", "warn", "error"}
	for _, name := range names {
		if name == string(text) {
			return l.Level.UnmarshalText(text)
		}
	}
	if near := problem.Nearest(string(text), names); near != "" {
		return fmt.Errorf("%q is not a log level; did you mean %q?", text, near)
	}
	return fmt.Errorf("%q is not a log level; it is one of %s", text, strings.Join(names, ", "))
}

// packetIO is a way to move packets by name.
type packetIO struct{ media.PacketIO }

func (p *packetIO) UnmarshalText(text []byte) error {
	parsed, err := media.ParsePacketIO(string(text))
	if err != nil {
		return err
	}
	p.PacketIO = parsed
	return nil
}

// srtpPolicy says by name whether sound is encrypted.
type srtpPolicy struct{ srtp.Policy }

func (p *srtpPolicy) UnmarshalText(text []byte) error {
	policy, known := srtp.Parse(string(text))
	if !known {
		var names []string
		for _, one := range srtp.Policies() {
			names = append(names, one.String())
		}
		return fmt.Errorf("%q is not a policy for encrypted sound; it is one of %s", text, strings.Join(names, ", "))
	}
	p.Policy = policy
	return nil
}

// The bounds of a loudness: below, a telephone's noise is near; above, speech is
// mostly limiter.
const (
	leastLUFS = -40
	mostLUFS  = -14
)

// lufs is a loudness that sounds are brought to, or off.
type lufs struct {
	level float64
	off   bool
}

func (l *lufs) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*l = lufs{off: true}
		return nil
	}
	level, err := strconv.ParseFloat(strings.TrimSuffix(string(text), " LUFS"), 64)
	if err != nil || !(level >= leastLUFS && level <= mostLUFS) {
		return fmt.Errorf("%q is not a loudness for speech or music; write LUFS from %d to %d, such as -23, or off", text, leastLUFS, mostLUFS)
	}
	*l = lufs{level: level}
	return nil
}

func (l lufs) String() string {
	if l.off {
		return "off"
	}
	return strconv.FormatFloat(l.level, 'f', -1, 64)
}

// inbandDigits is where keys are listened for in the sound, by name.
type inbandDigits struct{ media.InbandDigits }

func (i *inbandDigits) UnmarshalText(text []byte) (err error) {
	if i.InbandDigits, err = media.ParseInbandDigits(string(text)); err != nil {
		return fmt.Errorf("%w of media.inband_digits", err)
	}
	return nil
}

var languageTag = regexp.MustCompile(`^[a-z]{2,3}-[A-Z]{2}$`)

// language is a BCP 47 tag of language and region.
type language string

func (l *language) UnmarshalText(text []byte) error {
	if !languageTag.Match(text) {
		return fmt.Errorf("%q is not a language with its region; write it as en-US or es-US", text)
	}
	*l = language(text)
	return nil
}

// day is a date without a time, as YYYY-MM-DD; days in this form sort as text.
type day string

func (d *day) UnmarshalText(text []byte) error {
	if _, err := time.Parse(time.DateOnly, string(text)); err != nil {
		return fmt.Errorf("%q is not a day; write it as 2027-06-30", text)
	}
	*d = day(text)
	return nil
}
