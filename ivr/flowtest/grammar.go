package flowtest

import (
	"reflect"

	"careline/ivr"
	"careline/problem"
)

// Grammar gives the keys of a file of tests, for editors.
func Grammar() []ivr.Key {
	given := ivr.Key{Form: ivr.FormMapping, Keys: keysIn(reflect.TypeFor[givenText](), map[string]ivr.Key{
		"now": {Form: ivr.FormText}, "split": {Form: ivr.FormWhole}, "number": {Form: ivr.FormKeys}, "call_back": {Form: ivr.FormText}, "language": {Form: ivr.FormText}, "attestation": {Form: ivr.FormText}, "member": {Form: ivr.FormValues}, "provider": {Form: ivr.FormTexts},
		"representative": {Form: ivr.FormMapping, Keys: []ivr.Key{
			{Name: "pin", Form: ivr.FormText}, {Name: "born", Form: ivr.FormText}, {Name: "authorization", Form: ivr.FormText},
			{Name: "hears", Form: ivr.FormNames, Help: "the facts that she may be told, and look-ups as look_up.NAME; left out, all"},
		}}, "look_ups": {Form: ivr.FormAnswers}, "recordings": {Form: ivr.FormText}, "outside": {Form: ivr.FormTexts},
	})}
	expect := ivr.Key{Form: ivr.FormMapping, Keys: keysIn(reflect.TypeFor[expectText](), map[string]ivr.Key{
		"skills": {Form: ivr.FormLevels}, "variables": {Form: ivr.FormTexts}, "answers": {Form: ivr.FormValues}, "hung_up": {Form: ivr.FormTruthOrText}, "queue": {Form: ivr.FormQueue},
	})}
	call := ivr.Key{Form: ivr.FormOneOf}
	for _, w := range vocabulary() {
		key := ivr.Key{Name: w.name, Help: w.help, Form: w.form}
		if w.name == "expect" {
			key.Form, key.Keys = expect.Form, expect.Keys
		}
		call.Keys = append(call.Keys, key)
	}
	tests := ivr.Key{Form: ivr.FormList, Required: true, Keys: keysIn(reflect.TypeFor[testText](), map[string]ivr.Key{
		"test": {Form: ivr.FormText, Required: true}, "given": given, "call": call, "expect": expect,
	})}
	return keysIn(reflect.TypeFor[fileText](), map[string]ivr.Key{"given": given, "tests": tests})
}

// keysIn lists the keys of a type, with what is known of them besides.
func keysIn(of reflect.Type, known map[string]ivr.Key) []ivr.Key {
	var keys []ivr.Key
	for _, field := range reflect.VisibleFields(of) {
		name := problem.KeyOf(field)
		key, ok := known[name]
		if !ok {
			key.Form = ivr.FormOf(field.Type)
		}
		key.Name, key.Help = name, field.Tag.Get("help")
		keys = append(keys, key)
	}
	return keys
}
