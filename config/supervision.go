package config

import (
	"fmt"
	"slices"
	"strings"

	"careline/call"
)

// supervisionMode is a way in which a supervisor takes part in a call, by name.
type supervisionMode struct{ call.Mode }

func (m *supervisionMode) UnmarshalText(text []byte) error {
	if !slices.Contains(call.Modes(), call.Mode(text)) {
		return fmt.Errorf("%q is not a way to take part in a call; it is one of %s", text, join(call.Modes()))
	}
	m.Mode = call.Mode(text)
	return nil
}

func (m supervisionMode) String() string { return string(m.Mode) }

func join(modes []call.Mode) string {
	var names []string
	for _, one := range modes {
		names = append(names, string(one))
	}
	return strings.Join(names, ", ")
}

func modesOf(list []supervisionMode) []call.Mode {
	var modes []call.Mode
	for _, one := range list {
		modes = append(modes, one.Mode)
	}
	return modes
}
