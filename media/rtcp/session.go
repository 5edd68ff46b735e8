package rtcp

import "time"

const (
	// Interval is the shortest mean time between two reports (RFC 3550 section
	// 6.2). Two ends with one stream each stay far below the share of the bandwidth
	// that would make it longer: 120 bytes in 5 s are 0.2 kbit/s.
	Interval = 5 * time.Second
	// compensation is what the randomised interval is divided by (e-3/2, RFC 3550
	// section 6.3.1).
	compensation = 1.21828
	// remembered is how many of our own reports a round trip may be measured by.
	remembered = 4
	// maxRoundTrip is what is still believed: beyond it a block is late or forged.
	maxRoundTrip = 10 * time.Second
)

// Sent is what our side has sent.
type Sent struct {
	Source          uint32
	Packets, Octets uint64
	// Timestamp is our stream's RTP timestamp at the moment of the report.
	Timestamp uint32
}

// Received is what our side has received of the far side's stream; the zero value
// if nothing.
type Received struct {
	Source uint32
	// Expected packets since the beginning, by their sequence numbers, and Packets
	// that came, doubles included.
	Expected, Packets uint64
	// Highest and Jitter as in Block.
	Highest, Jitter uint32
}

// Session is one leg's book of reports. The zero value is ready; it isn't safe for
// concurrent use.
type Session struct {
	next    time.Time // when our next report is due; zero before the first look
	packets uint64    // sent, as of our last report

	// Of the stream that came, as of our last report.
	source             uint32
	expected, received uint64

	// The far side's last sender report: its middle, whose stream, and when it came.
	heard   uint32
	heardOf uint32
	heardAt time.Time

	own    [remembered]ownReport
	latest int
	trips  [3]time.Duration // the latest measures, 0 for none
	trip   int
}

// ownReport is a sender report of ours: its middle, and when it went.
type ownReport struct {
	middle uint32
	at     time.Time
}

// Due reports, once, that it is time for the next report. random, of 32 bits, puts
// it off by up to a half each way, so that reports of many legs don't come at once
// (RFC 3550 section 6.3.1); the first comes after half the time.
func (s *Session) Due(now time.Time, random uint32) bool {
	first := s.next.IsZero()
	if !first && now.Before(s.next) {
		return false
	}
	wait := Interval
	if first {
		wait /= 2
	}
	part := 0.5 + float64(random)/(1<<32)
	s.next = now.Add(time.Duration(float64(wait) * part / compensation))
	return !first
}

// Append writes the report that is due: a sender's where sound has gone since the
// last, else a receiver's, each with our name (RFC 3550 section 6.4).
func (s *Session) Append(raw []byte, name Name, now time.Time, sent Sent, received Received) []byte {
	var sender *Sender
	if sent.Packets != s.packets {
		sender = &Sender{NTP: NTP(now), Timestamp: sent.Timestamp, Packets: uint32(sent.Packets), Octets: uint32(sent.Octets)}
		s.latest = (s.latest + 1) % remembered
		s.own[s.latest] = ownReport{middle(sender.NTP), now}
	}
	s.packets = sent.Packets
	if received.Expected == 0 {
		return appendReport(raw, sent.Source, name, sender, nil)
	}
	block := s.block(now, received)
	return appendReport(raw, sent.Source, name, sender, &block)
}

// block says what came since our last report (RFC 3550 appendix A.3).
func (s *Session) block(now time.Time, received Received) Block {
	if s.source != received.Source {
		s.source, s.expected, s.received = received.Source, 0, 0
	}
	expected, came := int64(received.Expected-s.expected), int64(received.Packets-s.received)
	s.expected, s.received = received.Expected, received.Packets
	block := Block{Source: received.Source, Highest: received.Highest, Jitter: received.Jitter}
	if lost := expected - came; expected > 0 && lost > 0 {
		block.Fraction = uint8(min(lost<<8/expected, 255))
	}
	block.Lost = int32(max(min(int64(received.Expected)-int64(received.Packets), 1<<23-1), -1<<23))
	if s.heard != 0 && s.heardOf == received.Source {
		block.LastSender, block.Delay = s.heard, units(now.Sub(s.heardAt))
	}
	return block
}

// Heard takes a report of the far side's, which came at that time.
func (s *Session) Heard(report *Report, at time.Time) {
	if report.Sends {
		s.heard, s.heardOf, s.heardAt = middle(report.Sender.NTP), report.Source, at
	}
	if !report.Told || report.About.LastSender == 0 {
		return
	}
	for _, own := range s.own {
		if own.middle != report.About.LastSender || own.at.IsZero() {
			continue
		}
		// By our own clock alone: neither side's wall clock counts, and who hasn't
		// seen our report can't make one up.
		trip := at.Sub(own.at) - duration(report.About.Delay)
		if trip > -time.Millisecond && trip < maxRoundTrip {
			s.trip = (s.trip + 1) % len(s.trips)
			s.trips[s.trip] = max(trip, time.Microsecond)
		}
		return
	}
}

// RoundTrip is the way there and back, the middle one of the last three measures: a
// far side that was busy for once doesn't count. 0 while there is none.
func (s *Session) RoundTrip() time.Duration {
	a, b, c := s.trips[0], s.trips[1], s.trips[2]
	if a == 0 || b == 0 || c == 0 { // fewer: the shortest of them
		return shortest(a, shortest(b, c))
	}
	return max(min(a, b), min(max(a, b), c))
}

func shortest(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
