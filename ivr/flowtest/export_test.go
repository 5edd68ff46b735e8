package flowtest

import (
	"reflect"

	"careline/problem"
)

// Words are what can happen in a call.
func Words() []string { return words() }

// GivenKeys are what can be given, ExpectKeys what can be expected.
func GivenKeys() []string  { return keysIn(givenText{}) }
func ExpectKeys() []string { return keysIn(expectText{}) }

func keysIn(text any) []string {
	var keys []string
	for _, field := range reflect.VisibleFields(reflect.TypeOf(text)) {
		keys = append(keys, problem.KeyOf(field))
	}
	return keys
}
