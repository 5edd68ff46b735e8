package config

import (
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"careline/call"
)

func TestWhatAgentsAreToldOfSupervisors(t *testing.T) {
	var keys struct {
		Show []supervisionMode `yaml:"show_supervision"`
	}
	for text, want := range map[string][]call.Mode{
		"show_supervision: []": nil, "show_supervision: [listen, whisper, barge_in]": call.Modes(), "show_supervision: [barge_in]": {call.BargeIn},
	} {
		keys.Show = defaults().Desk.ShowSupervision
		if err := yaml.Unmarshal([]byte(text), &keys); err != nil || !slices.Equal(modesOf(keys.Show), want) {
			t.Errorf("%s gives %v, %v", text, keys.Show, err)
		}
	}
	err := yaml.Unmarshal([]byte("show_supervision: [whispering]"), &keys)
	if err == nil || !strings.Contains(err.Error(), "it is one of listen, whisper, barge_in") {
		t.Errorf("a mode that is none: %v", err)
	}
	if got := modesOf(defaults().Desk.ShowSupervision); !slices.Equal(got, []call.Mode{call.Whisper, call.BargeIn}) {
		t.Errorf("by default %v", got)
	}
}
