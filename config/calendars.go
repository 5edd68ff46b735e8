package config

import (
	"fmt"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"careline/ivr/calendar"
	"careline/problem"
)

const (
	calendarsName = "calendars.yaml"
	// maxCalendars bounds a script's calendars, maxDates the entries of each list in one.
	maxCalendars = 200
	maxDates     = 500
)

type calendarsFile struct {
	Calendars map[string]calendarKeys `yaml:"calendars"`
}

type calendarKeys struct {
	Zone       string               `yaml:"zone"`
	Hours      map[string]yaml.Node `yaml:"hours"`
	Seasons    []seasonKeys         `yaml:"seasons"`
	Holidays   []holidayKeys        `yaml:"holidays"`
	Exceptions map[string]yaml.Node `yaml:"exceptions"`
}

type seasonKeys struct {
	Name  string               `yaml:"name"`
	From  string               `yaml:"from"`
	To    string               `yaml:"to"`
	Hours map[string]yaml.Node `yaml:"hours"`
}

type holidayKeys struct {
	Name     string    `yaml:"name"`
	On       string    `yaml:"on"`
	Observed bool      `yaml:"observed"`
	Hours    yaml.Node `yaml:"hours"`
}

// calendars reads calendars.yaml, which may be left out. Zones that aren't named are the
// site's.
func (r *reader) calendars(site *time.Location, now time.Time) map[string]*calendar.Hours {
	if !r.exists(calendarsName) {
		return nil
	}
	doc := r.document(calendarsName)
	if doc == nil {
		return nil
	}
	var file calendarsFile
	before := len(r.problems)
	r.problems.Add(doc.File, doc.Decode(doc.Root, &file))
	if len(r.problems) > before {
		return nil
	}
	all := map[string]*calendar.Hours{}
	for _, pair := range problem.Pairs(at(doc.Root, "calendars")) {
		c := &calendarReader{reader: r, doc: doc}
		hours := c.hours(pair, file.Calendars[pair.Key.Value], site)
		all[pair.Key.Value] = hours
		if !c.wrong && !hours.Ever(now) {
			r.add(doc.At(pair.Key, "calendar %q is never open", pair.Key.Value).Hint("give it hours, as in `hours: {mon-fri: 8:00-20:00}`"))
		}
	}
	if n := len(file.Calendars); n > maxCalendars {
		r.add(doc.At(at(doc.Root, "calendars"), "there are %d calendars", n).Hint("at most %d are read", maxCalendars))
	}
	return all
}

// calendarReader reads one calendar.
type calendarReader struct {
	*reader
	doc   *problem.Document
	wrong bool
}

func (c *calendarReader) fault(node *yaml.Node, err error) {
	c.wrong = true
	c.add(c.doc.At(node, "%v", err))
}

func (c *calendarReader) hours(pair problem.Pair, keys calendarKeys, site *time.Location) *calendar.Hours {
	h := &calendar.Hours{Zone: site, Week: c.week(problem.Get(pair.Value, "hours")), Exceptions: map[calendar.Date]calendar.Day{}}
	if keys.Zone != "" {
		zone, err := time.LoadLocation(keys.Zone)
		if err != nil || keys.Zone == "Local" {
			c.wrong = true
			c.add(c.doc.At(at(pair.Value, "zone"), "%q is no time zone", keys.Zone).Hint("write an IANA name, such as America/Chicago"))
		} else {
			h.Zone = zone
		}
	}
	seasons, holidays, exceptions := at(pair.Value, "seasons"), at(pair.Value, "holidays"), at(pair.Value, "exceptions")
	if len(keys.Seasons) > maxDates || len(keys.Holidays) > maxDates || len(keys.Exceptions) > maxDates {
		c.fault(pair.Key, fmt.Errorf("calendar %q has more than %d seasons, holidays or exceptions", pair.Key.Value, maxDates))
		return h
	}
	for i, season := range keys.Seasons {
		h.Seasons = append(h.Seasons, c.season(item(seasons, i), season))
	}
	c.overlapping(seasons, h.Seasons)
	if len(keys.Hours) == 0 && !c.wrong {
		c.gaps(pair, h.Seasons)
	}
	for i, holiday := range keys.Holidays {
		h.Holidays = append(h.Holidays, c.holiday(item(holidays, i), holiday))
	}
	if problem.Get(pair.Value, "exceptions") != nil {
		for _, exception := range problem.Pairs(exceptions) {
			date, err := calendar.ParseDate(exception.Key.Value)
			if err != nil {
				c.fault(exception.Key, err)
				continue
			}
			h.Exceptions[date] = c.day(exception.Value)
		}
	}
	return h
}

func (c *calendarReader) season(node *yaml.Node, keys seasonKeys) calendar.Season {
	var s calendar.Season
	var err error
	if s.From, err = calendar.ParseMonthDay(keys.From); err != nil {
		c.fault(at(node, "from"), err)
	}
	if s.To, err = calendar.ParseMonthDay(keys.To); err != nil {
		c.fault(at(node, "to"), err)
	}
	s.Week = c.week(problem.Get(node, "hours"))
	return s
}

// overlapping warns where two seasons have a day in common: the first counts there.
func (c *calendarReader) overlapping(node *yaml.Node, seasons []calendar.Season) {
	for i, season := range seasons {
		for _, earlier := range seasons[:i] {
			if earlier.Has(season.From) || season.Has(earlier.From) {
				c.warn(c.doc.At(item(node, i), "this season and one above have days in common").Hint("the one above counts there; let one end before the other begins if that isn't meant"))
				break
			}
		}
	}
}

// gaps warns of days that no season has, where there are no hours besides: they are closed.
func (c *calendarReader) gaps(pair problem.Pair, seasons []calendar.Season) {
	if len(seasons) == 0 {
		return
	}
	for _, gap := range calendar.Gaps(seasons) {
		c.warn(c.doc.At(pair.Key, "calendar %q is closed from %s to %s: these days are in no season, and it has no other hours", pair.Key.Value, gap.From, gap.To).
			Hint("write a season for them, or `hours` that count outside of the seasons"))
	}
}

func (c *calendarReader) holiday(node *yaml.Node, keys holidayKeys) calendar.Holiday {
	h, err := calendar.ParseHoliday(keys.On)
	if err != nil {
		c.fault(at(node, "on"), err)
	}
	if h.Nth != 0 && keys.Observed {
		c.fault(at(node, "observed"), fmt.Errorf("a weekday is never moved; \"observed\" is for dates such as 07-04"))
	}
	h.Name, h.Observed = keys.Name, keys.Observed
	if keys.Name == "" {
		c.fault(node, fmt.Errorf("a holiday has a name; write {name: Christmas, on: 12-25}"))
	}
	if keys.Hours.Kind != 0 {
		h.Hours = c.day(at(node, "hours"))
	}
	return h
}

// week reads days with their hours; a day stands in it once.
func (c *calendarReader) week(node *yaml.Node) (week calendar.Week) {
	if node == nil || node.Kind != yaml.MappingNode {
		return week
	}
	var seen []time.Weekday
	for _, pair := range problem.Pairs(node) {
		days, err := calendar.ParseDays(pair.Key.Value)
		if err != nil {
			c.fault(pair.Key, err)
			continue
		}
		day := c.day(pair.Value)
		for _, one := range days {
			if slices.Contains(seen, one) {
				c.fault(pair.Key, fmt.Errorf("%s stands here twice; give each day its hours once", one))
				continue
			}
			seen = append(seen, one)
			week[one] = day
		}
	}
	return week
}

// day reads "8:00-20:00", a list of such, or "closed".
func (c *calendarReader) day(node *yaml.Node) calendar.Day {
	texts := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		texts = node.Content
	}
	var day calendar.Day
	for _, text := range texts {
		if text.Value == "closed" && len(texts) == 1 {
			return nil
		}
		span, err := calendar.ParseSpan(text.Value)
		if err != nil {
			c.fault(text, err)
			continue
		}
		day = append(day, span)
	}
	if a, b, overlap := day.Overlap(); overlap {
		c.fault(node, fmt.Errorf("%s and %s overlap; write them as one span, or apart", a, b))
	}
	return day
}
