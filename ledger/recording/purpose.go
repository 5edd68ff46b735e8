package recording

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrPurpose says that nobody opens a recording for that.
var ErrPurpose = errors.New("recording: that is no purpose")

// Purposes are what a recording may be opened for. They are a list and no free text,
// in which somebody's name could get into the audit.
func Purposes() []string {
	return []string{"quality_review", "complaint", "training", "compliance", "legal"}
}

// CheckPurpose refuses what isn't one of Purposes.
func CheckPurpose(purpose string) error {
	if !slices.Contains(Purposes(), purpose) {
		return fmt.Errorf("%w: %q; there are %s", ErrPurpose, purpose, strings.Join(Purposes(), ", "))
	}
	return nil
}
