package sip

import (
	"fmt"
	"strings"
	"testing"
)

// RFC 3398 section 7.2.4.1, row by row, and the classes that its other causes
// fall into.
func TestEveryCauseHasItsStatus(t *testing.T) {
	rows := map[int]int{
		1: 404, 2: 404, 3: 404, 16: 480, 17: 486, 18: 408, 19: 480, 20: 480, 21: 403, 22: 410, 23: 410, 26: 404, 27: 502, 28: 484,
		29: 501, 31: 480, 34: 503, 38: 503, 41: 503, 42: 503, 47: 503, 55: 403, 57: 403, 58: 503, 65: 488, 70: 488, 79: 501,
		87: 403, 88: 503, 102: 504, 111: 500, 127: 500,
		0: 480, 25: 483, 8: 480, 44: 503, 63: 503, 69: 501, 95: 500, 96: 500,
	}
	for cause, status := range rows {
		if got := StatusForCause(cause); got != status {
			t.Errorf("cause %d gives %d, expected %d", cause, got, status)
		}
	}
	for cause := range maxCause + 1 {
		if status := StatusForCause(cause); status < 400 || statusText(status) == "Refused" {
			t.Errorf("cause %d is refused with %d %s", cause, status, statusText(status))
		}
	}
}

// RFC 3398 section 8.2.6.1, row by row.
func TestEveryStatusHasItsCause(t *testing.T) {
	const rows = `400 41, 401 21, 402 21, 403 21, 404 1, 405 63, 406 79, 407 21, 408 102, 410 22, 413 127, 414 127, 415 79, 416 127,
420 127, 421 127, 423 127, 480 18, 481 41, 482 25, 483 25, 484 28, 485 1, 486 17, 487 16, 488 65, 500 41, 501 79, 502 38, 503 41,
504 102, 505 127, 513 127, 600 17, 603 21, 604 1, 606 65, 180 0, 200 0, 300 127, 301 22, 302 23, 699 127`
	for _, row := range strings.Split(rows, ",") {
		var status, cause int
		_, err := fmt.Sscan(row, &status, &cause)
		must(t, err)
		if got := CauseForStatus(status); got != cause {
			t.Errorf("status %d gives %d, expected %d", status, got, cause)
		}
	}
}
