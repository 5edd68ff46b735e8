package guard

import (
	"encoding/binary"
	"net/netip"
)

// Source is where messages come from.
type Source struct {
	// Address is an IPv4 address, or stands for the IPv6 network of 64 bits that
	// it lies in, since whoever has one address of it has them all.
	Address netip.Addr
	// Connected: it holds a connection, so that the address is its own. That of a
	// datagram may be forged: what it gets banned for shuts out no connection.
	Connected bool
	// Known: it is on the list, or has proven who it is. It is never banned.
	Known bool
}

const networkBits = 64 // of an IPv6 address: one site's

// key is a source in a table.
type key struct {
	high, low uint64
	connected bool
}

// keyOf makes the key of a source without allocating.
func keyOf(source Source) key {
	address := source.Address.Unmap()
	raw := address.As16()
	k := key{high: binary.BigEndian.Uint64(raw[:8]), connected: source.Connected}
	if address.Is4() {
		k.low = binary.BigEndian.Uint64(raw[8:])
	}
	return k
}

// prefix is what the key was made of.
func (k key) prefix() netip.Prefix {
	raw := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, k.high), k.low)
	address := netip.AddrFrom16([16]byte(raw)).Unmap()
	if address.Is4() {
		return netip.PrefixFrom(address, address.BitLen())
	}
	return netip.PrefixFrom(address, networkBits)
}
