package flowtest

import "reflect"

// Words are what can happen in a call.
func Words() []string { return words() }

// GivenKeys are what can be given, ExpectKeys what can be expected.
func GivenKeys() []string  { return namesIn(reflect.TypeFor[givenText]()) }
func ExpectKeys() []string { return namesIn(reflect.TypeFor[expectText]()) }

func namesIn(of reflect.Type) []string {
	var names []string
	for _, key := range keysIn(of, nil) {
		names = append(names, key.Name)
	}
	return names
}
