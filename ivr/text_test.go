package ivr_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"careline/ivr"
)

// bilingual speaks words wherever a prompt's name may stand.
const bilingual = `flow: t
languages: [en-US, es-US]
start: a
steps:
  a:
    play: {en-US: We are closed today., es-US: Hoy está cerrado.}
    next: b
  b:
    menu: [hello, {en-US: "To wait, press 1.", es-US: "Para esperar, oprima el 1."}]
    choices: {"1": {set: {language: es-US}, next: a}, "2": v}
    no_input: {retries: 1, play: {en-US: Take your time., es-US: Tómese su tiempo.}, next: people}
  v:
    verify: {ask: [member_id, date_of_birth]}
    verified: visit
    failed: people
  visit:
    say: {en-US: "Your visit is on {{ member.next_visit | date }}.", es-US: "El {{ member.next_visit | date }} es su visita."}
    next: people
`

func text(words string) string { return ivr.TextName(words) }

func TestWordsStandWhereAPromptsNameMay(t *testing.T) {
	set := taken(t, map[string]string{"t": bilingual + toPeople})
	p := call(t, set, "t")
	p.listen().press("1").listen()
	p.hears("en "+text("We are closed today."), "en hello", "en "+text("To wait, press 1."),
		"es "+text("Hoy está cerrado."), "es "+text("Para esperar, oprima el 1."))
	p.press("2").listen().press("48201937").press("04121961").silently()
	p.hears("es "+text("El"), "es ordinals/14", "es months/1", "es years/2027", "es "+text("es su visita."))
	p.neverHears("en " + text("Your visit is on"))
}

func TestTextsAreListedWithTheirPlaces(t *testing.T) {
	set := taken(t, map[string]string{"t": bilingual + toPeople})
	var got []string
	for _, one := range set.Texts() {
		got = append(got, one.Language+" "+one.Words+" "+one.Position.String())
		if words, ok := set.Words(one.Prompt); !ok || words != one.Words {
			t.Errorf("%v is %q", one.Prompt, words)
		}
	}
	want := []string{
		"en-US Take your time. flows/t.yaml:11:42", "en-US To wait, press 1. flows/t.yaml:9:27", "en-US We are closed today. flows/t.yaml:6:19",
		"en-US Your visit is on flows/t.yaml:17:18", "es-US El flows/t.yaml:17:77", "es-US Hoy está cerrado. flows/t.yaml:6:48",
		"es-US Para esperar, oprima el 1. flows/t.yaml:9:55", "es-US Tómese su tiempo. flows/t.yaml:11:66", "es-US es su visita. flows/t.yaml:17:77",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, ok := set.Words(ivr.Prompt{Language: "en-US", Name: "hello"}); ok {
		t.Error("a recording has words")
	}
	var shown []string
	for _, step := range set.View()[0].Steps {
		shown = append(shown, step.Prompts...)
	}
	for _, want := range []string{`"We are closed today."`, "hello", `"Your visit is on"`} {
		if !slices.Contains(shown, want) {
			t.Errorf("%s is not among %v", want, shown)
		}
	}
}

func TestATextsNameFollowsItsWords(t *testing.T) {
	name := ivr.TextName("Hoy está cerrado: es día de fiesta, y mañana también lo es.")
	if !strings.HasPrefix(name, "text/hoy-esta-cerrado-es-dia-de-") {
		t.Errorf("the name is %s", name)
	}
	if ivr.TextName(" Hoy está\n cerrado.") != ivr.TextName("Hoy está cerrado.") {
		t.Error("a broken line is another prompt")
	}
	if ivr.TextName("Hoy esta cerrado.") == ivr.TextName("Hoy está cerrado.") {
		t.Error("two texts have one name")
	}
	for _, words := range []string{"今天休息", "…", strings.Repeat("x", 100), "../../etc"} {
		if name := ivr.TextName(words); strings.Contains(name, "..") || len(name) > 70 || strings.Count(name, "/") != 1 {
			t.Errorf("%q is called %s", words, name)
		}
	}
}

// A language without words of its own speaks those of the one that stands in.
func TestWordsOfALanguageThatStandsIn(t *testing.T) {
	environment := smallEnvironment("")
	environment.Languages = append(environment.Languages, "es-MX")
	flow := strings.Replace(bilingual, "[en-US, es-US]", "[es-MX, en-US]", 1) + toPeople
	_, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(flow)}}, "flows", environment)
	if err == nil || !strings.Contains(err.Error(), "there are no words in es-MX here") {
		t.Errorf("the error is %v", err)
	}
	environment.Fallback = map[string][]string{"es-MX": {"es-US"}}
	set, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(strings.Replace(flow, "language: es-US", "language: es-MX", 1))}}, "flows", environment)
	if err != nil {
		t.Fatal(err)
	}
	p := call(t, set, "t")
	p.listen()
	p.hears("es "+text("Hoy está cerrado."), "es hello")
	if first := p.spoken[0]; first.Language != "es-US" {
		t.Errorf("the words are looked for in %s", first.Language)
	}
}

func TestWordsThatNobodySpeaksAreToldWithTheirPlace(t *testing.T) {
	environment := smallEnvironment("")
	var asked []ivr.Text
	environment.Speak = func(texts []ivr.Text) map[ivr.Prompt]error {
		asked = texts
		faults := map[ivr.Prompt]error{}
		for _, one := range texts {
			if one.Language == "es-US" {
				faults[one.Prompt] = errors.New("no voice")
			}
		}
		return faults
	}
	flow := inSpanish + "  a: {play: {en-US: We are closed., es-US: Está cerrado.}, next: people}\n" + toPeople
	_, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(flow)}}, "flows", environment)
	want := `flows/t.yaml:5:44: the words "Está cerrado." have no sound in es-US: no voice; record them as prompts/es-US/` + text("Está cerrado.") +
		".wav, or render them where a synthesiser is: careline prompts render DIR"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if len(asked) != 2 {
		t.Errorf("%d texts were to be spoken", len(asked))
	}
}

// wrongWords have one mistake each.
func TestWrongWordsAreTold(t *testing.T) {
	for _, test := range []struct{ name, step, want string }{
		{"a language is missing", "a: {play: {en-US: Closed.}, next: people}",
			"flows/t.yaml:5:13: there are no words in es-US here; add `es-US: …`"},
		{"a language that isn't there", "a: {play: {en-US: Closed., es-US: Cerrado., es-UK: Cerrado.}, next: people}",
			"flows/t.yaml:5:47: there are no prompts in language \"es-UK\"; did you mean \"es-US\"?"},
		{"nothing to say", "a: {play: {en-US: \"…\", es-US: Cerrado.}, next: people}",
			"flows/t.yaml:5:21: here words are expected; write what a caller hears, as in `en-US: We are closed today.`"},
		{"a list for words", "a: {play: {en-US: [Closed.], es-US: Cerrado.}, next: people}",
			"flows/t.yaml:5:21: here words are expected; write what a caller hears, as in `en-US: We are closed today.`"},
		{"words without end", "a: {play: {en-US: \"" + strings.Repeat("so ", 401) + "\", es-US: Cerrado.}, next: people}",
			"flows/t.yaml:5:21: these words have 1203 letters; at most 1200 are spoken at once: make several texts of them"},
		{"a value that is played", "a: {play: {en-US: \"It is {{ attempts | number }}.\", es-US: Cerrado.}, next: people}",
			"flows/t.yaml:5:28: words that are played hold no values; write them under \"say\""},
		{"a brace that is open", "a: {say: {en-US: \"It is {{ attempts | number }, yes\", es-US: \"Son {{ attempts | number }}.\"}, next: people}",
			"flows/t.yaml:5:27: \"{{\" is neither words nor a value; write a value as {{ member.next_visit | date }}"},
		{"words without a language", "a: {play: We are closed., next: people}",
			"flows/t.yaml:5:13: there is no prompt \"We are closed.\" in en-US; to have words spoken, write them by language, as in `{en-US: We are closed.}`"},
		{"a sentence that is a list", "a: {say: [hello], next: people}",
			"flows/t.yaml:5:12: here is expected what is said; write words by language, as in `say: {en-US: \"Your visit is on {{ member.next_visit | date }}.\"}`"},
	} {
		t.Run(test.name, func(t *testing.T) {
			environment := smallEnvironment("")
			has := environment.HasPrompt
			environment.HasPrompt = func(language, name string) bool { return has(language, name) && !strings.Contains(name, " ") }
			flow := inSpanish + "  " + test.step + "\n" + toPeople
			_, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(flow)}}, "flows", environment)
			if err == nil {
				t.Fatal("the flow is taken as sound")
			}
			if first, _, _ := strings.Cut(err.Error(), "\n"); first != test.want {
				t.Errorf("read\n\t%s\nwant\n\t%s", first, test.want)
			}
		})
	}
}
