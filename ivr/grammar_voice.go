package ivr

// voiceEntries are those of keys about what callers say, and are asked after the agent.
func voiceEntries() map[string]entry {
	return map[string]entry{
		"after":                     {form: FormStep, help: "where callers go who stay when the agent hangs up: a survey, say"},
		"box":                       {form: FormText, help: "a box of boxes.yaml: it says who hears the message"},
		"greeting":                  {form: FormPrompts, help: "heard before the tone"},
		"number":                    {form: FormText, help: "the variable with the number to call back on, as the caller keyed it in"},
		"voicemail.voicemail.max":   {form: FormDuration, help: "how long it may be"},
		"record.record.max":         {form: FormDuration, help: "how long it may be"},
		"silence":                   {form: FormDuration, help: "the silence that ends it"},
		"shortest":                  {form: FormDuration, help: "what is shorter is not kept"},
		"voicemail.voicemail.menu":  {form: FormPrompts, help: "asks what becomes of it: 1 sends, 2 plays, 3 records again, 0 is a person"},
		"nothing_heard":             {form: FormPrompts, help: "heard by who said nothing"},
		"told":                      {form: FormPrompts, help: "heard when the message is sent"},
		"sent":                      {form: FormStep, help: "where it goes on when the message is kept"},
		"person":                    {form: FormStep, help: "where callers go who press 0"},
		"empty":                     {form: FormStep, help: "where callers go who say nothing"},
		"kind":                      {form: FormText, help: "what the recording is, as in consent"},
		"keep":                      {form: FormText, help: "how long it is kept: a class of retention"},
		"silent":                    {form: FormStep, help: "where callers go who say nothing"},
		"questions":                 {form: FormList, text: surveyQuestionText{}},
		"scale":                     {form: FormWhole, help: "the highest answer; 1 is the lowest"},
		"comment":                   {form: FormMapping, text: surveyCommentText{}, help: "what callers may say at the end, recorded"},
		"survey.survey.comment.max": {form: FormDuration, help: "how long it may be"},
	}
}
