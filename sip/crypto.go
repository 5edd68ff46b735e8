package sip

import (
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"careline/media"
)

const (
	maxCryptos   = 16 // a=crypto lines of one stream that are looked at
	maxCryptoTag = 9  // digits of a tag (RFC 4568 section 9.1)
	// minLifetime is the fewest packets, as a power of two, that a far side may
	// want one key to be used for: the hours of a call, at 50 a second.
	minLifetime = 20
)

// readCryptos reads the a=crypto lines of a stream (RFC 4568), in their order.
// Lines that we can't do as they say are left out.
func readCryptos(stream *sdp.MediaDescription) []media.Crypto {
	var all []media.Crypto
	looked := 0
	for _, attribute := range stream.Attributes {
		if attribute.Key != "crypto" {
			continue
		}
		if looked++; looked > maxCryptos {
			break
		}
		if crypto, ok := parseCrypto(attribute.Value); ok {
			all = append(all, crypto)
		}
	}
	return all
}

// parseCrypto reads what stands behind a=crypto: a tag, a suite, one key, and
// session parameters (RFC 4568 section 9.1).
func parseCrypto(value string) (media.Crypto, bool) {
	fields := strings.Fields(value)
	if len(fields) < 3 {
		return media.Crypto{}, false
	}
	tag, ok := parseCryptoTag(fields[0])
	suite := media.ParseSuite(fields[1])
	if !ok || suite == media.SuiteNone {
		return media.Crypto{}, false
	}
	for _, parameter := range fields[3:] {
		if !harmless(parameter) {
			return media.Crypto{}, false
		}
	}
	key, ok := parseInlineKey(suite, fields[2])
	return media.Crypto{Tag: tag, Suite: suite, Key: key}, ok
}

func parseCryptoTag(text string) (int, bool) {
	if len(text) > maxCryptoTag {
		return 0, false
	}
	tag, err := strconv.ParseUint(text, 10, 32)
	return int(tag), err == nil
}

// parseInlineKey reads inline:KEY|LIFETIME. More keys than one need an identifier
// in each packet (MKI), which we don't have.
func parseInlineKey(suite media.Suite, text string) (media.Key, bool) {
	method, info, _ := strings.Cut(text, ":")
	if !strings.EqualFold(method, "inline") {
		return media.Key{}, false
	}
	inline, rest, more := strings.Cut(info, "|")
	if more && !longLived(rest) {
		return media.Key{}, false
	}
	return media.ParseKey(suite, inline)
}

// longLived reports a lifetime that outlasts a call: "2^31", or a plain number.
func longLived(lifetime string) bool {
	if power, ok := strings.CutPrefix(lifetime, "2^"); ok {
		exponent, err := strconv.ParseUint(power, 10, 8)
		return err == nil && exponent >= minLifetime && exponent <= 48
	}
	packets, err := strconv.ParseUint(lifetime, 10, 64)
	return err == nil && packets >= 1<<minLifetime
}

// harmless reports a session parameter that asks nothing of us: a hint for the
// replay window, no derivation of further keys, or one that may be ignored (RFC
// 4568 section 6.3). Sound without encryption or without authentication is none.
func harmless(parameter string) bool {
	name, value, _ := strings.Cut(strings.ToUpper(parameter), "=")
	return strings.HasPrefix(name, "-") || name == "WSH" || name == "KDR" && value == "0"
}

// bestCrypto is the line that we would rather have than the others: the strongest
// suite, whatever the order.
func bestCrypto(all []media.Crypto) (media.Crypto, bool) {
	for _, suite := range media.Suites() {
		if crypto, ok := cryptoOf(all, suite); ok {
			return crypto, true
		}
	}
	return media.Crypto{}, false
}

func cryptoOf(all []media.Crypto, suite media.Suite) (media.Crypto, bool) {
	for _, crypto := range all {
		if crypto.Suite == suite {
			return crypto, true
		}
	}
	return media.Crypto{}, false
}

// cryptoLine writes one line of SDES.
func cryptoLine(c media.Crypto) sdp.Attribute {
	return sdp.NewAttribute("crypto", strconv.Itoa(c.Tag)+" "+c.Suite.String()+" inline:"+c.Key.Inline())
}
