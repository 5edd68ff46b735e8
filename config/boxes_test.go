package config

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/call"
	"careline/ivr/calendar"
)

func boxesOf(text string) (map[string]call.Box, string) {
	r := &reader{files: fstest.MapFS{boxesName: {Data: []byte(text)}}, raw: map[string][]byte{}}
	boxes := r.boxes(time.UTC, []string{"claims"}, []string{"default", "messages"}, map[string]*calendar.Hours{"office": calendar.Weekdays(time.UTC)})
	var all []string
	for _, p := range r.problems {
		all = append(all, p.Error())
	}
	return boxes, strings.Join(all, "\n")
}

func TestBoxesSayByWhenMessagesAreAnswered(t *testing.T) {
	boxes, problems := boxesOf("boxes:\n  nights: {queue: claims, answer_within: 1 business day, calendar: office, keep: messages}\n  urgent: {queue: claims, answer_within: 4h}\n  slow: {queue: claims, answer_within: 2 business days}\n")
	if problems != "" {
		t.Fatal(problems)
	}
	friday := time.Date(2026, 11, 27, 21, 0, 0, 0, time.UTC)
	for name, want := range map[string]time.Time{
		"nights": time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), "urgent": friday.Add(4 * time.Hour), "slow": time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC),
	} {
		if due := boxes[name].Due(friday); !due.Equal(want) {
			t.Errorf("a message of Friday evening in %s is due %v, want %v", name, due, want)
		}
	}
	if boxes["nights"].Class != "messages" || boxes["nights"].Queue != "claims" {
		t.Errorf("%+v", boxes["nights"])
	}
}

func TestMistakesInBoxes(t *testing.T) {
	for text, want := range map[string]string{
		"boxes: {nights: {answer_within: 4h}}":                                   `nobody hears the messages of box "nights"`,
		"boxes: {nights: {queue: claim, answer_within: 4h}}":                     `did you mean "claims"?`,
		"boxes: {nights: {queue: claims, answer_within: 4h, keep: message}}":     `did you mean "messages"?`,
		"boxes: {nights: {queue: claims}}":                                       `it isn't said by when messages are answered`,
		"boxes: {nights: {queue: claims, answer_within: soon}}":                  `messages can't be answered within "soon"`,
		"boxes: {nights: {queue: claims, answer_within: 0 business days}}":       `"0" is no number of business days`,
		"boxes: {nights: {queue: claims, answer_within: 4h, calendar: offices}}": `did you mean "office"?`,
		"boxes: {Nights: {queue: claims, answer_within: 4h}}":                    `"Nights" can't be a box's name`,
		"boxes: {nights: {queue: claims, answer_within: 4h, colour: red}}":       `colour`,
	} {
		if _, problems := boxesOf(text); !strings.Contains(problems, want) {
			t.Errorf("%s: problems are %q, want %q", text, problems, want)
		}
	}
}
