package ivr

// handoverEntries are those of keys by which callers are handed to somebody.
func handoverEntries() map[string]entry {
	return map[string]entry{
		"escalate.escalate.to":                   {form: FormQueue, help: "the line of those who should have the caller"},
		"escalate.escalate.require":              {help: "the license that is never done without"},
		"escalate.escalate.require.licensed_in":  {form: FormText, help: "state: where the caller has said to be in this call"},
		"escalate.escalate.target":               {form: FormDuration, help: "when somebody should have the caller; an alarm is raised if nobody has, and otherwise begins"},
		"escalate.escalate.otherwise":            {form: FormList, text: furtherText{}, help: "what comes then, one after the other"},
		"escalate.escalate.otherwise.on_call":    {form: FormText, help: "a list of outside.yaml, whose people are called in turn; the place in line is kept"},
		"escalate.escalate.otherwise.queue":      {form: FormQueue, help: "another line"},
		"escalate.escalate.otherwise.credential": {form: FormText, help: "a license that whoever takes the caller there must have"},
		"escalate.escalate.otherwise.for":        {form: FormDuration, help: "how long that line has"},
		"escalate.escalate.ask":                  {form: FormPrompts, help: "what those on call hear until they press 1 to take the caller, or 2"},
		"escalate.timeout":                       {form: FormStep, help: "where callers go whom nobody has taken in time"},
		"escalate.unavailable":                   {form: FormStep, help: "where callers go whom nobody could take"},

		"transfer":                   {form: FormTextOr, text: transferDetail{}},
		"transfer.transfer.step":     {form: FormText, help: "the step to begin at; the flow's first, if left out"},
		"transfer.transfer.number":   {form: FormText, help: "a name of outside.yaml, or a number that dialplan.yaml allows"},
		"transfer.transfer.how":      {form: FormText, help: "blind, bridged or warm"},
		"transfer.transfer.ring":     {form: FormDuration, help: "how long it may ring"},
		"transfer.transfer.announce": {form: FormPrompts, help: "what the caller hears first; then there is music"},
		"transfer.transfer.ask":      {form: FormPrompts, help: "what whoever answers hears, until they press 1 to take the caller, or 2"},
		"transfer.busy":              {form: FormStep, help: "where callers go who find it busy; where failed goes, if left out"},
		"transfer.no_answer":         {form: FormStep, help: "where callers go whom nobody answers; where failed goes, if left out"},
		"transfer.declined":          {form: FormStep, help: "where callers go whom nobody there wants to take; where failed goes, if left out"},
		"transfer.failed":            {form: FormStep, help: "where callers go whom nobody takes there, for whatever reason"},
		"transfer.after":             {form: FormStep, help: "where the call goes on when the other side has hung up; it ends, if left out"},
	}
}
