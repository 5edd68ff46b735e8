package sip

import (
	"errors"
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

var (
	errRAck = errors.New("sip: the RAck can't be read (RFC 3262 section 7.2)")
	errRSeq = errors.New("sip: the RSeq can't be read (RFC 3262 section 7.1)")
)

// rack is what a RAck says: which response to which request is acknowledged.
type rack struct {
	response, request uint32
	method            gosip.RequestMethod
}

// header renders a RAck.
func (r rack) header() gosip.Header {
	return gosip.NewHeader("RAck", strconv.FormatUint(uint64(r.response), 10)+" "+strconv.FormatUint(uint64(r.request), 10)+" "+string(r.method))
}

// readRAck reads a PRACK's RAck.
func readRAck(request *gosip.Request) (rack, error) {
	fields := strings.Fields(headerValue(request, "RAck"))
	if len(fields) != 3 || !isToken(fields[2], maxTag) {
		return rack{}, errRAck
	}
	response, err := strconv.ParseUint(fields[0], 10, 32)
	if err != nil || response == 0 {
		return rack{}, errRAck
	}
	sequence, err := strconv.ParseUint(fields[1], 10, 32)
	if err != nil {
		return rack{}, errRAck
	}
	return rack{uint32(response), uint32(sequence), gosip.RequestMethod(fields[2])}, nil
}

// readRSeq reads the number of a provisional response that is to be
// acknowledged; 0 for one that isn't.
func readRSeq(response *gosip.Response) (uint32, error) {
	if response.StatusCode == gosip.StatusTrying || !requires(response, tagReliable) {
		return 0, nil
	}
	number, err := strconv.ParseUint(strings.TrimSpace(headerValue(response, "RSeq")), 10, 32)
	if err != nil || number == 0 {
		return 0, errRSeq
	}
	return uint32(number), nil
}
