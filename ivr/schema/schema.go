package schema

import (
	"bytes"
	"encoding/json"

	"careline/ivr"
	"careline/ivr/flowtest"
)

// Names are a configuration's own, which an editor may then complete. Those that
// are left out are not.
type Names struct {
	Languages, Prompts, Queues, Music []string
}

// object is a part of a schema.
type object map[string]any

// Patterns of what is written.
const (
	stepPattern     = `^[a-z][a-z0-9_]*$`
	durationPattern = `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	choicePattern   = `^([0-9*]{1,4}|#)$`
)

// writer makes a schema of keys.
type writer struct{ names Names }

// Flow is the schema of a flow's file.
func Flow(names Names) []byte {
	w := writer{names}
	head, steps := ivr.Grammar()
	var verbs []any
	for i, verb := range ivr.Verbs() {
		step := w.mapping(steps[i])
		step["title"] = verb
		verbs = append(verbs, step)
	}
	schema := w.mapping(head)
	schema["$defs"] = object{"step": object{"anyOf": verbs}}
	return finished(schema, "A call flow of Careline", "docs/flows.md")
}

// Tests is the schema of a file of tests.
func Tests(names Names) []byte {
	schema := writer{names}.mapping(flowtest.Grammar())
	return finished(schema, "Tests of Careline's call flows", "docs/flow-tools.md")
}

// finished gives a schema its head and writes it.
func finished(schema object, title, reference string) []byte {
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"], schema["$comment"] = title, reference+" is the reference; `careline flow schema` writes this file"
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(schema); err != nil {
		panic(err) // maps of strings can be written
	}
	return out.Bytes()
}

// mapping is the schema of a mapping with some keys.
func (w writer) mapping(keys []ivr.Key) object {
	properties, required := object{}, []string{}
	for _, key := range keys {
		properties[key.Name] = w.key(key)
		if key.Required {
			required = append(required, key.Name)
		}
	}
	m := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		m["required"] = required
	}
	return m
}

// key is the schema of what stands below a key.
func (w writer) key(key ivr.Key) object {
	form := w.form(key)
	if key.Help != "" {
		form["description"] = key.Help
	}
	return form
}

func (w writer) form(key ivr.Key) object {
	switch key.Form {
	case ivr.FormTruth:
		return object{"type": "boolean"}
	case ivr.FormWhole:
		return object{"type": "integer"}
	case ivr.FormNumber:
		return object{"type": "number"}
	case ivr.FormDuration:
		return object{"type": "string", "pattern": durationPattern}
	case ivr.FormStep:
		return stepName()
	case ivr.FormSteps:
		return object{"type": "object", "minProperties": 1, "propertyNames": object{"pattern": stepPattern}, "additionalProperties": object{"$ref": "#/$defs/step"}}
	case ivr.FormMapping:
		return w.mapping(key.Keys)
	case ivr.FormList:
		return object{"type": "array", "minItems": 1, "items": w.mapping(key.Keys)}
	case ivr.FormOneOf:
		one := w.mapping(key.Keys)
		one["minProperties"], one["maxProperties"] = 1, 1
		return object{"type": "array", "items": one}
	case ivr.FormKeys:
		return object{"type": "string", "pattern": `^([0-9*#]+|nothing)$`}
	case ivr.FormTruthOrText:
		return either(object{"type": "boolean"}, text())
	case ivr.FormStepOr:
		return either(stepName(), w.mapping(key.Keys))
	case ivr.FormTextOr:
		return either(text(), w.mapping(key.Keys))
	case ivr.FormChoices:
		return object{
			"type": "object", "minProperties": 1, "propertyNames": object{"pattern": choicePattern},
			"additionalProperties": either(stepName(), object{"type": "object", "properties": object{"next": stepName()}, "required": []string{"next"}, "additionalProperties": false}, object{"$ref": "#/$defs/step"}),
		}
	case ivr.FormValues:
		return object{"type": "object", "minProperties": 1, "additionalProperties": scalar()}
	case ivr.FormTexts:
		return object{"type": "object", "additionalProperties": scalar()}
	case ivr.FormAnswers:
		return object{"type": "object", "additionalProperties": either(object{"type": "string", "enum": []string{"missing", "failed"}}, object{"type": "object", "additionalProperties": scalar()})}
	case ivr.FormLevels:
		return object{"type": "object", "additionalProperties": object{"type": "integer", "minimum": 1, "maximum": 5}}
	}
	return w.named(key.Form)
}

// named is the schema of names, which a configuration may know.
func (w writer) named(form ivr.Form) object {
	switch form {
	case ivr.FormPrompts:
		return w.prompts()
	case ivr.FormHelp:
		return object{"type": "array", "minItems": 1, "items": w.prompts()}
	case ivr.FormPromptsBy:
		return object{"type": "object", "additionalProperties": w.prompts()}
	case ivr.FormSay:
		return either(text(), w.words())
	case ivr.FormNames:
		return either(text(), object{"type": "array", "minItems": 1, "items": text()})
	case ivr.FormLanguages:
		language := oneOf(w.names.Languages)
		return either(language, object{"type": "array", "minItems": 1, "uniqueItems": true, "items": language})
	case ivr.FormQueue:
		return oneOf(w.names.Queues)
	case ivr.FormMusic:
		return oneOf(w.names.Music)
	case ivr.FormText:
		return scalar()
	}
	return object{}
}

// prompts are one prompt or a list of them.
func (w writer) prompts() object {
	one := either(w.suggested(w.names.Prompts), w.words())
	return either(w.suggested(w.names.Prompts), w.words(), object{"type": "array", "minItems": 1, "items": one})
}

// words are texts by language.
func (w writer) words() object {
	words := object{"type": "object", "minProperties": 1, "additionalProperties": text()}
	if len(w.names.Languages) > 0 {
		words["propertyNames"] = object{"enum": w.names.Languages}
	}
	return words
}

// suggested completes names, and takes others too, such as welcome@es-US.
func (w writer) suggested(names []string) object {
	if len(names) == 0 {
		return text()
	}
	return either(object{"enum": names}, text())
}

// oneOf takes the names alone, where they are known.
func oneOf(names []string) object {
	if len(names) == 0 {
		return text()
	}
	return object{"enum": names}
}

func text() object { return object{"type": "string", "minLength": 1} }

// scalar is a single value: YAML reads 5 and true as no texts.
func scalar() object { return object{"type": []string{"string", "number", "boolean"}} }

func stepName() object { return object{"type": "string", "pattern": stepPattern} }

func either(schemas ...object) object { return object{"anyOf": schemas} }
