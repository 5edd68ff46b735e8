package calendar

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	spanText    = regexp.MustCompile(`^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$`)
	nthText     = regexp.MustCompile(`^(1st|2nd|3rd|4th|5th|last) ([a-z]+) of ([a-z]+)$`)
	dateOfMonth = regexp.MustCompile(`^(\d{2})-(\d{2})$`)
)

// weekdays by the first three letters, as time.Weekday counts.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseSpan reads "8:00-20:00"; 24:00 is the end of the day.
func ParseSpan(text string) (Span, error) {
	m := spanText.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return Span{}, fmt.Errorf("%q is no span of hours; write it as 8:00-20:00", text)
	}
	from, ok := minuteOf(m[1], m[2])
	to, fine := minuteOf(m[3], m[4])
	switch {
	case !ok || !fine:
		return Span{}, fmt.Errorf("%q has a time that no clock shows; write it as 8:00-20:00, or to 24:00", text)
	case to <= from:
		return Span{}, fmt.Errorf("%q ends before it begins; hours over midnight are two spans, as 22:00-24:00 and on the next day 0:00-6:00", text)
	}
	return Span{from, to}, nil
}

func minuteOf(hour, minute string) (int, bool) {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	all := h*60 + m
	return all, m < 60 && all <= minutesOfDay
}

// Overlap gives two spans of a day that overlap, or false.
func (d Day) Overlap() (a, b Span, overlap bool) {
	for i, one := range d {
		for _, other := range d[i+1:] {
			if one.From < other.To && other.From < one.To {
				return one, other, true
			}
		}
	}
	return Span{}, Span{}, false
}

// String writes a span as ParseSpan reads it.
func (s Span) String() string {
	return fmt.Sprintf("%d:%02d-%d:%02d", s.From/60, s.From%60, s.To/60, s.To%60)
}

// ParseDays reads "mon", "mon-fri" or "sat-sun" into weekdays.
func ParseDays(text string) ([]time.Weekday, error) {
	first, last, ranged := strings.Cut(strings.ToLower(strings.TrimSpace(text)), "-")
	from, ok := weekday(first)
	to := from
	if ranged && ok {
		to, ok = weekday(last)
	}
	if !ok {
		return nil, fmt.Errorf("%q is no day of the week, nor a range of them; write mon, or mon-fri", text)
	}
	var days []time.Weekday
	for day := from; ; day = (day + 1) % 7 {
		days = append(days, day)
		if day == to {
			return days, nil
		}
	}
}

func weekday(text string) (time.Weekday, bool) {
	for i, name := range weekdays {
		full := strings.ToLower(time.Weekday(i).String())
		if text == name || text == full {
			return time.Weekday(i), true
		}
	}
	return 0, false
}

// ParseMonthDay reads "10-01", the first of October.
func ParseMonthDay(text string) (MonthDay, error) {
	m := dateOfMonth.FindStringSubmatch(text)
	if m == nil {
		return MonthDay{}, fmt.Errorf("%q is no day of the year; write month and day, as 10-01", text)
	}
	month, _ := strconv.Atoi(m[1])
	day, _ := strconv.Atoi(m[2])
	if d := (Date{2024, time.Month(month), day}); !d.real() { // a leap year
		return MonthDay{}, fmt.Errorf("there is no day %q in any year; write month and day, as 10-01", text)
	}
	return MonthDay{time.Month(month), day}, nil
}

// ParseHoliday reads when a holiday is: "12-25", or "4th thursday of november", or "last
// monday of may".
func ParseHoliday(text string) (Holiday, error) {
	if on, err := ParseMonthDay(text); err == nil {
		return Holiday{On: on}, nil
	}
	m := nthText.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if m == nil {
		return Holiday{}, fmt.Errorf("%q is no day of each year; write 12-25, or 4th thursday of november, or last monday of may", text)
	}
	day, ok := weekday(m[2])
	month, known := monthNamed(m[3])
	if !ok || !known {
		return Holiday{}, fmt.Errorf("%q names no weekday of a month; write it as 4th thursday of november", text)
	}
	nth := -1
	if m[1] != "last" {
		nth = int(m[1][0] - '0')
	}
	return Holiday{Nth: nth, Weekday: day, Month: month}, nil
}

func monthNamed(text string) (time.Month, bool) {
	for month := time.January; month <= time.December; month++ {
		if strings.ToLower(month.String()) == text {
			return month, true
		}
	}
	return 0, false
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, errors.New(strconv.Quote(text) + " is no date; write it as 2026-11-27")
	}
	return DateOf(t), nil
}
