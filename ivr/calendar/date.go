package calendar

import "time"

// Date is a day of a year.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is a time's date, by its own zone.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// normal brings a date such as March 0 to the day that it means.
func (d Date) normal() Date { return DateOf(d.utc()) }

// real reports whether the day is there: February 29 isn't, in most years.
func (d Date) real() bool { return d.normal() == d }

func (d Date) add(days int) Date { return DateOf(d.utc().AddDate(0, 0, days)) }

// Weekday of the date.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// String is YYYY-MM-DD.
func (d Date) String() string { return d.utc().Format(time.DateOnly) }
