package lookup

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Kind is the form that a field has, whatever the service sends it as.
type Kind string

// The kinds. All are kept as texts.
const (
	// AsText has 1 to MaxText letters.
	AsText Kind = "text"
	// AsNumber is a whole number, "-3".
	AsNumber Kind = "number"
	// AsTruth is "true" or "false".
	AsTruth Kind = "truth"
	// AsDate is a day, YYYY-MM-DD; of a time, the day that is written in it.
	AsDate Kind = "date"
	// AsMoney is an amount with two decimals, "12.50".
	AsMoney Kind = "money"
	// AsCount is a whole number: how many there are of what the path finds.
	AsCount Kind = "count"
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{AsText, AsNumber, AsTruth, AsDate, AsMoney, AsCount} }

// MaxText bounds a field of kind AsText, in letters: more is no name or note that
// is read to a caller.
const MaxText = 200

var (
	wholeForm = regexp.MustCompile(`^(-?[0-9]{1,9})(?:\.0*)?$`)
	moneyForm = regexp.MustCompile(`^(-?)([0-9]{1,12})(?:\.([0-9]{0,2})0*)?$`)
	dateForm  = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T.*)?$`)
)

// text gives a value in the form of the kind; the error doesn't repeat it.
func (k Kind) text(value any) (string, error) {
	written, ok := scalarText(value)
	if !ok {
		return "", fmt.Errorf("stands where a single value is expected: an object")
	}
	switch k {
	case AsNumber:
		if m := wholeForm.FindStringSubmatch(written); m != nil {
			n, err := strconv.Atoi(m[1])
			return strconv.Itoa(n), err
		}
	case AsTruth:
		if written == "true" || written == "false" {
			return written, nil
		}
	case AsDate:
		if m := dateForm.FindStringSubmatch(written); m != nil {
			if day, err := time.Parse(time.DateOnly, m[1]); err == nil && day.Year() >= 1000 {
				return m[1], nil
			}
		}
	case AsMoney:
		if m := moneyForm.FindStringSubmatch(written); m != nil {
			whole := strings.TrimLeft(m[2], "0")
			if whole == "" {
				whole = "0"
			}
			return m[1] + whole + "." + (m[3] + "00")[:2], nil
		}
	case AsText:
		if letters := []rune(written); len(letters) > 0 && len(letters) <= MaxText && !slices.ContainsFunc(letters, unicode.IsControl) {
			return written, nil
		}
	}
	return "", fmt.Errorf("is no %s", k)
}

// scalarText is a string, number or truth of JSON as a text.
func scalarText(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	case bool:
		return strconv.FormatBool(value), true
	}
	return "", false
}
