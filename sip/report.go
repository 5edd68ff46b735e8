package sip

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"careline/media"
)

// muxAttribute says that reports (RTCP) may come with the sound (RFC 5761 section 5).
const muxAttribute = "rtcp-mux"

// readReports reads where a stream's side wants its reports: with its sound, or at
// the port, and perhaps the address, that a=rtcp names (RFC 3605 section 2.1).
func readReports(stream *sdp.MediaDescription, address netip.Addr, description *media.Description) {
	for _, attribute := range stream.Attributes {
		switch attribute.Key {
		case muxAttribute:
			description.ReportsMuxed = true
		case "rtcp":
			description.Reports = parseReports(attribute.Value, address)
		}
	}
}

// parseReports reads what stands behind a=rtcp: a port, and perhaps an address; the
// zero value if it can't be sent to.
func parseReports(value string, address netip.Addr) netip.AddrPort {
	fields := strings.Fields(value)
	if len(fields) != 1 && len(fields) != 4 {
		return netip.AddrPort{}
	}
	port, err := strconv.ParseUint(fields[0], 10, 16)
	if err != nil || port == 0 {
		return netip.AddrPort{}
	}
	if len(fields) == 4 {
		address = readAddress(&sdp.ConnectionInformation{Address: &sdp.Address{Address: fields[3]}})
	}
	if !address.IsValid() || address.IsUnspecified() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(address, uint16(port))
}
