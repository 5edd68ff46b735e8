package opus

import (
	"fmt"
	"strconv"
	"strings"
)

// Parameters are how a side wants to be sent Opus (fmtp, RFC 7587 section 6.1).
type Parameters struct {
	// FEC: each packet also carries a coarse copy of the one before it.
	FEC bool
	// DTX: silence is hardly sent.
	DTX bool
	// Bitrate is the most it wants on average, in bits a second; 0: it doesn't say.
	Bitrate int
}

// bitrate is within bounds.
func (p Parameters) bitrate() int {
	if p.Bitrate == 0 {
		return DefaultBitrate
	}
	return min(max(p.Bitrate, MinBitrate), MaxBitrate)
}

// Within is how a sender that would send by p sends to a side that wants remote:
// copies only to who uses them, no more than either wants, and silence left out if
// either likes to (RFC 7587 section 3.1.3: any decoder takes it).
func (p Parameters) Within(remote Parameters) Parameters {
	both := Parameters{FEC: p.FEC && remote.FEC, DTX: p.DTX || remote.DTX, Bitrate: p.bitrate()}
	if remote.Bitrate > 0 {
		both.Bitrate = min(both.Bitrate, remote.bitrate())
	}
	return both
}

// String is what stands in SDP's fmtp behind the payload type. We hear one channel.
func (p Parameters) String() string {
	text := "stereo=0;useinbandfec=" + digit(p.FEC) + ";usedtx=" + digit(p.DTX)
	return text + fmt.Sprintf(";maxaveragebitrate=%d", p.bitrate())
}

func digit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// ParseParameters reads what stands in SDP's fmtp behind the payload type. What isn't
// understood is left out.
func ParseParameters(text string) (p Parameters) {
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch value = strings.TrimSpace(value); strings.ToLower(strings.TrimSpace(name)) {
		case "useinbandfec":
			p.FEC = value == "1"
		case "usedtx":
			p.DTX = value == "1"
		case "maxaveragebitrate":
			if rate, err := strconv.ParseUint(value, 10, 32); err == nil && rate > 0 {
				p.Bitrate = int(min(max(rate, MinBitrate), MaxBitrate))
			}
		}
	}
	return p
}
