package ivr

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// Key is something that may stand in a flow's file: its name, and what may stand
// below it. Editors complete and check by it.
type Key struct {
	Name string
	Form Form
	// Keys of a mapping, where Form allows one.
	Keys []Key
	// Required: it may not be left out.
	Required bool
	// Help says in a sentence what it is for; empty for what its name says.
	Help string
}

// Form is what may stand below a key.
type Form string

const (
	FormText     Form = "text"
	FormTruth    Form = "truth"
	FormWhole    Form = "whole"
	FormNumber   Form = "number"
	FormDuration Form = "duration"
	// FormStep is the name of a step; FormSteps are the steps of a flow by name.
	FormStep  Form = "step"
	FormSteps Form = "steps"
	// FormMapping has the keys of Keys; FormList is a list of such mappings.
	FormMapping Form = "mapping"
	FormList    Form = "list"
	// FormOneOf is a list of mappings with one key each.
	FormOneOf Form = "list of one each"
	// FormKeys are keys of a keypad; FormTruthOrText is true, false or a text.
	FormKeys        Form = "keys"
	FormTruthOrText Form = "truth or text"
	// FormStepOr and FormTextOr are a step's name, or a text, or a mapping.
	FormStepOr Form = "step or mapping"
	FormTextOr Form = "text or mapping"
	// FormPrompts is a prompt's name, words by language, or a list of prompts.
	FormPrompts Form = "prompts"
	// FormPromptsBy gives names prompts.
	FormPromptsBy Form = "prompts by name"
	// FormHelp is a list of prompts, or of lists of them: one for each time.
	FormHelp Form = "prompts for each time"
	// FormSay are prompts with values between them, or words by language.
	FormSay Form = "say"
	// FormNames is a text or a list of them; FormLanguages and FormAsked are such.
	FormNames     Form = "names"
	FormLanguages Form = "languages"
	// FormChoices leads from keys to steps, or to steps written out.
	FormChoices Form = "choices"
	// FormValues are names with a single value each, FormTexts with a text each,
	// FormLevels with a whole number each.
	FormValues Form = "values"
	FormTexts  Form = "texts"
	FormLevels Form = "levels"
	// FormQueue names a queue, FormMusic a file of hold music.
	FormQueue Form = "queue"
	FormMusic Form = "music"
	// FormAnswers gives look-ups values by name, or a word each.
	FormAnswers Form = "answers"
	// FormAny is anything.
	FormAny Form = "any"
)

// Grammar gives the keys of a flow's file, and those of a step by its verb, in the
// order of Verbs.
func Grammar() (flow []Key, steps [][]Key) {
	flow = keysOf("flow", reflect.TypeFor[flowText]())
	for _, v := range verbs() {
		keys := keysOf(v.name, reflect.TypeOf(v.text))
		for i := range keys {
			if keys[i].Name == v.name {
				keys[i].Required = true
				keys[i].Help = verbHelp()[v.name]
			}
		}
		steps = append(steps, keys)
	}
	return flow, steps
}

// entry says more of a key than its type in Go does.
type entry struct {
	form Form
	help string
	// text is the type of a mapping that is decoded apart.
	text any
}

// keysOf lists the keys of a type that YAML is decoded into. What is known of a key
// is looked up below the verb first, then by its name alone.
func keysOf(verb string, of reflect.Type) []Key {
	known := entries()
	var keys []Key
	for _, field := range reflect.VisibleFields(of) {
		name := problem.KeyOf(field)
		if name == "" {
			continue
		}
		e, ok := known[verb+"."+name]
		if !ok {
			e = known[name]
		}
		key := Key{Name: name, Form: e.form, Help: e.help, Required: slices.Contains(requiredKeys()[verb], name)}
		inner := field.Type
		if e.text != nil {
			inner = reflect.TypeOf(e.text)
		}
		if inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner != reflect.TypeFor[yaml.Node]() {
			key.Keys = keysOf(verb+"."+name, inner)
		}
		if key.Form == "" {
			key.Form = FormOf(field.Type)
		}
		keys = append(keys, key)
	}
	return keys
}

// FormOf is what a type in Go takes, as far as it tells.
func FormOf(of reflect.Type) Form {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch {
	case of == reflect.TypeFor[yaml.Node]():
		return FormAny
	case of == reflect.TypeFor[time.Duration]():
		return FormDuration
	}
	switch of.Kind() {
	case reflect.String:
		return FormText
	case reflect.Bool:
		return FormTruth
	case reflect.Int:
		return FormWhole
	case reflect.Float64:
		return FormNumber
	case reflect.Struct:
		return FormMapping
	case reflect.Slice:
		if of.Elem().Kind() == reflect.Struct {
			return FormList
		}
		return FormNames
	case reflect.Map:
		return FormValues
	}
	return FormAny
}

// entries tells of keys what their types don't: "verb.key", or a key that means the
// same in every verb.
func entries() map[string]entry {
	all := map[string]entry{
		"flow":      {help: "the flow's name; lines and other flows lead to it"},
		"label":     {help: "what people read"},
		"languages": {form: FormLanguages, help: "what the flow speaks; the first is where a call begins"},
		"start":     {form: FormStep, help: "the step where a call begins"},
		"steps":     {form: FormSteps, help: "the steps by name, each with one verb"},
		"timing":    {help: "how long the caller has; be generous"},

		"play.notice":   {form: FormNames, help: "emergency: it tells what to do in an emergency; recording: that the call is recorded; or both in a list. Nobody may miss it"},
		"person_within": {form: FormWhole, help: "how many keys away a person may be wherever the caller is asked something; 0: there is none"},
		"handlers":      {form: FormValues, help: "keys that mean the same in all menus, each with a step, or `repeat`"},
		"menu.handlers": {form: FormTruth, help: "false: the flow's handlers don't work here"},

		"first_digit":    {form: FormDuration, help: "wait for the first key, after the question"},
		"between_digits": {form: FormDuration, help: "wait for each further key"},
		"barge_in":       {help: "false: a key does not end it, as for notices that must be heard"},
		"next":           {form: FormStep, help: "the step that follows"},
		"no_input":       {form: FormStepOr, text: answerText{}, help: "where callers go who press nothing"},
		"no_match":       {form: FormStepOr, text: answerText{}, help: "where callers go who press something else"},
		"retries":        {form: FormWhole, help: "how often it is asked again"},
		"help":           {form: FormHelp, help: "heard before the question is asked again: more with each time"},
	}
	maps.Copy(all, verbEntries())
	maps.Copy(all, voiceEntries())
	maps.Copy(all, handoverEntries())
	return all
}

// verbEntries are those of keys that verbs have.
func verbEntries() map[string]entry {
	return map[string]entry{
		"play":                        {form: FormPrompts},
		"say":                         {form: FormSay},
		"missing":                     {form: FormStep, help: "where the call goes if a value can't be read"},
		"menu":                        {form: FormPrompts},
		"choices":                     {form: FormChoices, help: "where each key leads"},
		"ask":                         {form: FormPrompts, help: "the question"},
		"into":                        {form: FormText, help: "the variable that keeps the answer"},
		"digits":                      {form: FormWhole, help: "how many digits"},
		"min":                         {form: FormWhole, help: "at least so many digits"},
		"max":                         {form: FormWhole, help: "at most so many digits"},
		"as":                          {form: FormText, help: "what becomes of the digits"},
		"check":                       {form: FormText, help: "what the digits must be: npi, luhn, mbi, zip, phone, date, past_date or future_date"},
		"pattern":                     {form: FormText, help: "a regular expression that all the digits together must fit"},
		"who":                         {form: FormText, help: "as whom callers are verified: member, representative or provider"},
		"verify.ask":                  {form: FormNames, help: "what is asked for, in this order"},
		"attempts":                    {form: FormWhole, help: "how often a caller may try in a call"},
		"prompts":                     {form: FormPromptsBy, help: "the question for each"},
		"again":                       {form: FormPrompts, help: "heard after each failure but the last"},
		"verified":                    {form: FormStep, help: "where verified callers go"},
		"failed":                      {form: FormStep, help: "where it goes on when it fails"},
		"locked_out":                  {form: FormStep, help: "where callers go who have failed too often"},
		"set":                         {form: FormValues},
		"branch":                      {form: FormList, text: wayText{}},
		"when":                        {form: FormText, help: "a condition"},
		"otherwise":                   {form: FormStep, help: "the way if no condition holds; the last one"},
		"name":                        {form: FormText},
		"skills":                      {form: FormLevels, help: "skills wanted of the agent, with levels from 1 to 5"},
		"priority":                    {form: FormWhole, help: "from 0 to 100"},
		"credential":                  {form: FormText, help: "a license that the agent must have"},
		"queue.queue.name":            {form: FormQueue},
		"music":                       {form: FormMusic, help: "a file of the folder music"},
		"announce":                    {form: FormPrompts, help: "heard over the music: prompts, or `position`"},
		"every":                       {form: FormDuration, help: "how often it is announced"},
		"timeout":                     {form: FormStep, help: "where callers go who have waited too long"},
		"full":                        {form: FormStep, help: "where callers go who find the line full"},
		"unavailable":                 {form: FormStep, help: "where callers go whom nobody could serve"},
		"takes":                       {form: FormTexts, help: "what it is given by a flow that calls it: names with their kinds"},
		"gives":                       {form: FormTexts, help: "what it gives back: names with their kinds"},
		"call":                        {form: FormTextOr, text: callDetail{}},
		"call.call.into":              {form: FormTexts, help: "variables of ours, each with the name that the other flow gives it by"},
		"returns":                     {form: FormTexts, help: "the step that follows each of the other flow's returns"},
		"return":                      {form: FormText},
		"split":                       {form: FormList, text: shareText{}},
		"percent":                     {form: FormWhole, help: "how many of a hundred calls go this way; all ways together are 100"},
		"wait":                        {form: FormDuration},
		"hours":                       {form: FormText},
		"open":                        {form: FormStep, help: "where callers go who come while it is open"},
		"closed":                      {form: FormStep, help: "where callers go who come while it is closed"},
		"holiday":                     {form: FormStep, help: "where callers go who come on a holiday on which it is closed; left out, where closed goes"},
		"look_up":                     {form: FormTextOr, text: lookUpDetail{}},
		"look_up.missing":             {form: FormStep, help: "where it goes on when there is nothing"},
		"with":                        {form: FormValues, help: "what it takes: texts, or {{ variable }}, or {{ member.id }}"},
		"hang_up":                     {form: FormTextOr, text: hangUpDetail{}},
		"reason":                      {help: "why, for the call's record"},
		"queue.queue.callback":        {text: offerText{}, form: FormMapping, help: "a waiting caller is offered a callback, and keeps the place in line meanwhile"},
		"offer_after":                 {form: FormDuration, help: "how long the caller has waited by then"},
		"step":                        {form: FormStep, help: "the step that offers it, with the verb call_back"},
		"call_back.call_back.queue":   {form: FormQueue},
		"call_back.call_back.prompts": {form: FormPromptsBy, help: "the words that are not Careline's own: offer, same, choose, number, wrong, read_back, confirm"},
		"wording":                     {form: FormText, help: "the version of the words that the caller agrees to; it is kept with the consent"},
		"declined":                    {form: FormStep, help: "where callers go who want no callback"},
		"already":                     {form: FormStep, help: "where callers go whose number has a callback already"},
	}
}

// requiredKeys are those that may not be left out, besides the verb itself.
func requiredKeys() map[string][]string {
	return map[string][]string{
		"flow":        {"flow", "languages", "start", "steps"},
		"play":        {"next"},
		"say":         {"next"},
		"menu":        {"choices", "no_input"},
		"collect":     {"next", "no_input"},
		"verify":      {"verified", "failed"},
		"set":         {"next"},
		"queue":       {"timeout", "full", "unavailable"},
		"split.split": {"percent", "next"},
		"wait":        {"next"},
		"hours":       {"open", "closed"},
		"look_up":     {"next", "missing", "failed"},
		"queue.queue": {"name", "hold"},

		"voicemail":               {"sent", "person", "empty", "failed"},
		"voicemail.voicemail":     {"box", "greeting"},
		"record":                  {"next", "silent", "failed"},
		"record.record":           {"ask", "kind"},
		"survey":                  {"next"},
		"survey.survey":           {"name", "questions"},
		"survey.survey.questions": {"name", "ask"},
		"call_back":               {"next", "declined", "already", "failed", "no_input"},
		"call_back.call_back":     {"queue", "wording"},
		"queue.queue.callback":    {"step"},
		"verify.verify":           {"ask"},

		"escalate":                  {"timeout", "unavailable"},
		"escalate.escalate":         {"to", "otherwise", "hold"},
		"escalate.escalate.require": {"credential", "licensed_in"},
	}
}

// verbHelp says what each verb does.
func verbHelp() map[string]string {
	return map[string]string{
		"play":    "plays prompts",
		"say":     "plays prompts with values between them",
		"menu":    "asks for one of some choices",
		"collect": "asks for digits",
		"verify":  "asks who is calling, and has it checked",
		"set":     "gives variables their values",
		"branch":  "takes the first way whose condition holds",
		"call":    "goes through another flow and comes back",
		"return":  "goes back to the flow that called this one",
		"split":   "sends so many of a hundred calls each way",
		"wait":    "lets a moment pass in silence",
		"hours":   "goes on by whether a calendar is open now",
		"look_up": "asks a service outside",
		"queue":   "puts the caller in line",

		"call_back": "lets the caller be called back, and the place in line be kept",
		"voicemail": "takes a message",
		"record":    "records a statement of the caller's",
		"survey":    "asks the caller how it was",
		"escalate":  "brings an urgent caller to a nurse: by one line after the other, and by those on call",
		"transfer":  "goes on in another flow, or hands the caller to a number outside",
		"hang_up":   "ends the call",
	}
}
