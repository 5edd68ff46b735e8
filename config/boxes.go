package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"careline/call"
	"careline/ivr/calendar"
	"careline/problem"
)

const (
	boxesName = "boxes.yaml"
	// maxBoxes bounds a script's boxes, maxBusinessDays what a message may wait.
	maxBoxes        = 200
	maxBusinessDays = 10
	maxAnswerWithin = 30 * 24 * time.Hour
	minAnswerWithin = 15 * time.Minute
)

type boxesFile struct {
	Boxes map[string]boxKeys `yaml:"boxes"`
}

type boxKeys struct {
	Queue        string `yaml:"queue"`
	AnswerWithin string `yaml:"answer_within"`
	Calendar     string `yaml:"calendar"`
	Keep         string `yaml:"keep"`
}

// boxes reads boxes.yaml, which may be left out. Without it there is no box.
func (r *reader) boxes(site *time.Location, queues []string, classes []string, calendars map[string]*calendar.Hours) map[string]call.Box {
	all := map[string]call.Box{}
	if !r.exists(boxesName) {
		return all
	}
	doc := r.document(boxesName)
	if doc == nil {
		return all
	}
	var file boxesFile
	before := len(r.problems)
	r.problems.Add(doc.File, doc.Decode(doc.Root, &file))
	if len(r.problems) > before {
		return all
	}
	if n := len(file.Boxes); n > maxBoxes {
		r.add(doc.At(at(doc.Root, "boxes"), "there are %d boxes", n).Hint("at most %d are read", maxBoxes))
	}
	for _, pair := range problem.Pairs(at(doc.Root, "boxes")) {
		if !plainName.MatchString(pair.Key.Value) {
			r.add(doc.At(pair.Key, "%q can't be a box's name", pair.Key.Value).Hint("begin with a lower-case letter; then letters, digits, _ or -"))
		}
		all[pair.Key.Value] = r.box(doc, pair, file.Boxes[pair.Key.Value], site, queues, calendars)
		if keep := all[pair.Key.Value].Class; keep != "" && !slices.Contains(classes, keep) {
			r.add(unknown(doc, at(pair.Value, "keep"), "a retention class", keep, classes))
		}
	}
	return all
}

func (r *reader) box(doc *problem.Document, pair problem.Pair, keys boxKeys, site *time.Location, queues []string, calendars map[string]*calendar.Hours) call.Box {
	box := call.Box{Queue: keys.Queue, Class: keys.Keep, Calendar: calendar.Weekdays(site)}
	switch {
	case keys.Queue == "":
		r.add(doc.At(pair.Key, "nobody hears the messages of box %q", pair.Key.Value).Hint("write `queue: member_services`: its agents do, and supervisors"))
	case queues != nil && !slices.Contains(queues, keys.Queue):
		r.add(unknown(doc, at(pair.Value, "queue"), "a queue", keys.Queue, queues))
	}
	if keys.Calendar != "" {
		hours, known := calendars[keys.Calendar]
		if !known {
			r.add(unknown(doc, at(pair.Value, "calendar"), "a calendar of "+calendarsName, keys.Calendar, slices.Sorted(maps.Keys(calendars))))
		} else {
			box.Calendar = hours
		}
	}
	var err error
	if box.BusinessDays, box.Within, err = answerWithin(keys.AnswerWithin); err != nil {
		r.add(doc.At(cmpNode(at(pair.Value, "answer_within"), pair.Key), "box %q: %v", pair.Key.Value, err).
			Hint("write `answer_within: 1 business day` (42 CFR 422.111(h)(1)), up to %d, or a time from %s to %s, as `4h`", maxBusinessDays, minAnswerWithin, maxAnswerWithin))
	}
	return box
}

// cmpNode is the first node that is there.
func cmpNode(first, second *yaml.Node) *yaml.Node {
	if first != nil {
		return first
	}
	return second
}

// answerWithin reads "1 business day", "2 business days" or a duration.
func answerWithin(text string) (days int, within time.Duration, err error) {
	if text == "" {
		return 0, 0, fmt.Errorf("it isn't said by when messages are answered")
	}
	if number, ok := strings.CutSuffix(strings.TrimSuffix(text, "s"), " business day"); ok {
		if _, err := fmt.Sscanf(number, "%d", &days); err != nil || days < 1 || days > maxBusinessDays {
			return 0, 0, fmt.Errorf("%q is no number of business days", number)
		}
		return days, 0, nil
	}
	within, err = time.ParseDuration(text)
	if err != nil || within < minAnswerWithin || within > maxAnswerWithin {
		return 0, 0, fmt.Errorf("messages can't be answered within %q", text)
	}
	return 0, within, nil
}
