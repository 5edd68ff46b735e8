package call

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"careline/ivr"
)

// A piece that is missing is a part of what was to be said: which one is nobody's
// business where that is a member's.
func TestTheLogTellsNoPartOfAValue(t *testing.T) {
	core, told := observer.New(zap.DebugLevel)
	s := &session{log: zap.New(core), content: &Content{}}
	row := []ivr.Prompt{{Language: "en-US", Name: "digits/4"}}
	s.clips(row, true)
	if log := fmt.Sprint(told.TakeAll()); strings.Contains(log, "digits/4") || !strings.Contains(log, "prompt missing") {
		t.Errorf("of a member's value the log tells %s", log)
	}
	s.clips(row, false)
	if log := fmt.Sprint(told.TakeAll()); !strings.Contains(log, "digits/4") {
		t.Errorf("of any other prompt the log tells %s", log)
	}
}
