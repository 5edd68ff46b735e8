package rtcp

// Packet types (RFC 3550 section 12.1).
const (
	typeSender      = 200
	typeReceiver    = 201
	typeDescription = 202
	typeGoodbye     = 203
)

const (
	version    = 2
	headerSize = 4 // the common header
	senderSize = 20
	blockSize  = 24
	maxBlocks  = 31 // a count has five bits
)

// Sender is what a sender says of its own stream (RFC 3550 section 6.4.1).
type Sender struct {
	// NTP is the sender's wall clock: seconds since 1900, in 1/2^32.
	NTP uint64
	// Timestamp is the stream's RTP timestamp at that moment.
	Timestamp uint32
	// Packets and Octets of payload were sent since the beginning; they wrap.
	Packets, Octets uint32
}

// Block is what a receiver says of one stream that it gets (RFC 3550 section 6.4.1).
type Block struct {
	// Source is the stream's SSRC.
	Source uint32
	// Fraction of the packets since the last report that were lost, in 1/256.
	Fraction uint8
	// Lost since the beginning: a signed number of 24 bits, less than 0 where
	// packets came twice.
	Lost int32
	// Highest is the highest sequence number received, with its wraps above it.
	Highest uint32
	// Jitter is the interarrival jitter, in ticks of the stream's clock.
	Jitter uint32
	// LastSender is the middle of the NTP time of the last sender report that came,
	// 0 for none; Delay is how long before this block that was, in 1/65536 s.
	LastSender, Delay uint32
}

// Report is what one compound packet says, so far as it is about two ends.
type Report struct {
	// Source is who reports.
	Source uint32
	// Sends: the reporter sends sound itself; Sender is then what it says of it.
	Sends  bool
	Sender Sender
	// Told: there is a block about us, which is About.
	Told  bool
	About Block
	// Others: there are blocks about others.
	Others bool
	// Goodbye: the reporter leaves (RFC 3550 section 6.6).
	Goodbye bool
}
