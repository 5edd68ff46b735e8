package ivr

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

// scripts are the words of the demo's prompts, by language and name.
func scripts(t testing.TB) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	for _, language := range []string{"en-US", "es-US"} {
		raw, err := os.ReadFile("../config/demo/prompts/" + language + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		words := map[string]string{}
		if err := yaml.Unmarshal(raw, &words); err != nil {
			t.Fatal(err)
		}
		words[PromptPause] = "|"
		all[language] = words
	}
	return all
}

// counted is a form that counts claims.
func counted(g gender) form {
	one, many := promptUse{name: "claim"}, promptUse{name: "claims"}
	return form{kind: asCount, gender: g, one: &one, many: &many}
}

// sentence is what a caller hears of a row.
func sentenceOf(t testing.TB, scripts map[string]map[string]string, row []Prompt) string {
	t.Helper()
	nouns := map[string]map[string]string{"en-US": {"claim": "claim", "claims": "claims"}, "es-US": {"claim": "reclamación", "claims": "reclamaciones"}}
	var words []string
	for _, prompt := range row {
		said := scripts[prompt.Language][prompt.Name]
		if said == "" {
			said = nouns[prompt.Language][prompt.Name]
		}
		if said == "" {
			t.Fatalf("there is no piece %v", prompt)
		}
		words = append(words, said)
	}
	return strings.Join(words, " ")
}

func TestValuesAreSaidAsPeopleSayThem(t *testing.T) {
	scripts := scripts(t)
	for _, test := range []struct {
		form             form
		text             string
		english, spanish string
	}{
		{form{kind: asDigits}, "4019", "four zero one nine", "cuatro cero uno nueve"},
		{form{kind: asNumber}, "0", "zero", "cero"},
		{form{kind: asNumber}, "21", "twenty-one", "veintiuno"},
		{form{kind: asNumber}, "42", "forty-two", "cuarenta y dos"},
		{form{kind: asNumber}, "100", "one hundred", "cien"},
		{form{kind: asNumber}, "101", "one hundred one", "ciento uno"},
		{form{kind: asNumber}, "555", "five hundred fifty-five", "quinientos cincuenta y cinco"},
		{form{kind: asNumber}, "1000", "one thousand", "mil"},
		{form{kind: asNumber}, "1120", "one thousand one hundred twenty", "mil ciento veinte"},
		{form{kind: asNumber}, "21021", "twenty-one thousand twenty-one", "veintiún mil veintiuno"},
		{form{kind: asNumber}, "100000", "one hundred thousand", "cien mil"},
		{form{kind: asNumber}, "999999", "nine hundred ninety-nine thousand nine hundred ninety-nine", "novecientos noventa y nueve mil novecientos noventa y nueve"},
		{form{kind: asNumber}, "1000000", "one million", "un millón"},
		{form{kind: asNumber}, "31000001", "thirty-one million one", "treinta y un millones uno"},
		{form{kind: asNumber}, "-4", "minus four", "menos cuatro"},
		{form{kind: asNumber}, "12.05", "twelve point zero five", "doce punto cero cinco"},
		{form{kind: asNumber}, "1000000000", "one zero zero zero zero zero zero zero zero zero", "uno cero cero cero cero cero cero cero cero cero"},
		{form{kind: asNumber, gender: masculine}, "1", "one", "un"},
		{form{kind: asNumber, gender: masculine}, "21", "twenty-one", "veintiún"},
		{form{kind: asNumber, gender: feminine}, "1", "one", "una"},
		{form{kind: asNumber, gender: feminine}, "231", "two hundred thirty-one", "doscientas treinta y una"},
		{form{kind: asNumber, gender: feminine}, "200200", "two hundred thousand two hundred", "doscientas mil doscientas"},
		{form{kind: asNumber, gender: feminine}, "121", "one hundred twenty-one", "ciento veintiuna"},
		{form{kind: asNumber, gender: feminine}, "11", "eleven", "once"},
		{counted(feminine), "0", "zero claims", "cero reclamaciones"},
		{counted(feminine), "1", "one claim", "una reclamación"},
		{counted(feminine), "2", "two claims", "dos reclamaciones"},
		{counted(feminine), "21", "twenty-one claims", "veintiuna reclamaciones"},
		{counted(feminine), "500", "five hundred claims", "quinientas reclamaciones"},
		{counted(feminine), "1000000", "one million claims", "un millón de reclamaciones"},
		{counted(feminine), "2000001", "two million one claims", "dos millones una reclamaciones"},
		{form{kind: asOrdinal}, "1", "first", "primero"},
		{form{kind: asOrdinal, gender: masculine}, "1", "first", "primer"},
		{form{kind: asOrdinal, gender: masculine}, "3", "third", "tercer"},
		{form{kind: asOrdinal, gender: masculine}, "13", "thirteenth", "decimotercer"},
		{form{kind: asOrdinal, gender: masculine}, "2", "second", "segundo"},
		{form{kind: asOrdinal, gender: feminine}, "3", "third", "tercera"},
		{form{kind: asOrdinal}, "20", "twentieth", "vigésimo"},
		{form{kind: asOrdinal}, "21", "twenty-first", "vigésimo primero"},
		{form{kind: asOrdinal, gender: masculine}, "21", "twenty-first", "vigésimo primer"},
		{form{kind: asOrdinal, gender: feminine}, "45", "forty fifth", "cuadragésima quinta"},
		{form{kind: asOrdinal}, "90", "ninetieth", "nonagésimo"},
		{form{kind: asOrdinal}, "100", "one hundredth", "cien"},
		{form{kind: asOrdinal}, "112", "one hundred twelfth", "ciento doce"},
		{form{kind: asOrdinal}, "1200", "one thousand two hundredth", "mil doscientos"},
		{form{kind: asOrdinal}, "3000", "three thousandth", "tres mil"},
		{form{kind: asDate}, "2027-01-14", "January fourteenth twenty twenty-seven", "catorce de enero de dos mil veintisiete"},
		{form{kind: asDate}, "2026-05-01", "May first twenty twenty-six", "primero de mayo de dos mil veintiséis"},
		{form{kind: asDate}, "1961-04-01", "April first nineteen sixty-one", "primero de abril de mil novecientos sesenta y uno"},
		{form{kind: asDate}, "2005-12-31", "December thirty-first two thousand five", "treinta y uno de diciembre de dos mil cinco"},
		{form{kind: asDate}, "1900-02-01", "February first nineteen hundred", "primero de febrero de mil novecientos"},
		{form{kind: asDate}, "1905-02-01", "February first nineteen oh five", "primero de febrero de mil novecientos cinco"},
		{form{kind: asDate, weekday: true, noYear: true}, "2027-01-14", "Thursday January fourteenth", "jueves catorce de enero"},
		{form{kind: asDate, noYear: true}, "2027-01-14T09:30:00-06:00", "January fourteenth", "catorce de enero"},
		{form{kind: asDate, keyed: true}, "01142027", "January fourteenth twenty twenty-seven", "catorce de enero de dos mil veintisiete"},
		{form{kind: asTime}, "00:00", "midnight", "las doce de la noche"},
		{form{kind: asTime}, "00:30", "twelve thirty a.m.", "las doce y media de la noche"},
		{form{kind: asTime}, "01:00", "one a.m.", "la una de la madrugada"},
		{form{kind: asTime}, "09:05", "nine oh five a.m.", "las nueve y cinco de la mañana"},
		{form{kind: asTime}, "11:45", "eleven forty-five a.m.", "las once y cuarenta y cinco de la mañana"},
		{form{kind: asTime}, "12:00", "noon", "las doce del mediodía"},
		{form{kind: asTime}, "12:15", "twelve fifteen p.m.", "las doce y cuarto de la tarde"},
		{form{kind: asTime}, "13:00", "one p.m.", "la una de la tarde"},
		{form{kind: asTime}, "14:30:00", "two thirty p.m.", "las dos y media de la tarde"},
		{form{kind: asTime}, "2027-01-14T21:10:00-06:00", "nine ten p.m.", "las nueve y diez de la noche"},
		{form{kind: asMoney}, "0", "zero dollars", "cero dólares"},
		{form{kind: asMoney}, "1", "one dollar", "un dólar"},
		{form{kind: asMoney}, "0.01", "one cent", "un centavo"},
		{form{kind: asMoney}, "0.5", "fifty cents", "cincuenta centavos"},
		{form{kind: asMoney}, "21.21", "twenty-one dollars and twenty-one cents", "veintiún dólares con veintiún centavos"},
		{form{kind: asMoney}, "1.01", "one dollar and one cent", "un dólar con un centavo"},
		{form{kind: asMoney}, "$1,234.50", "one thousand two hundred thirty-four dollars and fifty cents", "mil doscientos treinta y cuatro dólares con cincuenta centavos"},
		{form{kind: asMoney}, "1000000", "one million dollars", "un millón de dólares"},
		{form{kind: asMoney}, "-12.50", "minus twelve dollars and fifty cents", "menos doce dólares con cincuenta centavos"},
		{form{kind: asPhone}, "(262) 555-0123", "two six two | five five five | zero one two three", "dos seis dos | cinco cinco cinco | cero uno dos tres"},
		{form{kind: asPhone}, "+18005550100", "one | eight hundred | five five five | zero one zero zero", "uno | ochocientos | cinco cinco cinco | cero uno cero cero"},
		{form{kind: asPhone}, "5550142", "five five five | zero one four two", "cinco cinco cinco | cero uno cuatro dos"},
		{form{kind: asLetters}, "1EG4-TE5", "one ee gee four | tee ee five", "uno e ge cuatro | te e cinco"},
		{form{kind: asLetters}, "Peña", "pee ee en ay", "pe e eñe a"},
		{form{kind: asName}, "Zoë Ek", "zee oh ee | ee kay", "zeta o e | e ca"},
	} {
		for language, want := range map[string]string{"en-US": test.english, "es-US": test.spanish} {
			row, ok := test.form.speak(language, test.text, nil)
			if got := sentenceOf(t, scripts, row); !ok || got != want {
				t.Errorf("%s as %s %s in %s is %q, want %q", test.text, test.form.kind, test.form.gender, language, got, want)
			}
		}
	}
}

func TestWhatCannotBeSaidIsNotSaid(t *testing.T) {
	for _, test := range []struct {
		kind  valueKind
		texts []string
	}{
		{asDigits, []string{"", "x"}},
		{asNumber, []string{"", "x", "1e9", "1.23456", "--1", "1 2"}},
		{asCount, []string{"-1", "1.5", "x", "1000000000"}},
		{asOrdinal, []string{"0", "-1", "1.5", "x"}},
		{asDate, []string{"2027-02-30", "01142027", "0999-01-01", "tomorrow"}},
		{asTime, []string{"24:00", "12:60", "noon", ""}},
		{asMoney, []string{"", "12.345", "1,23", "12 dollars", "1234567890"}},
		{asPhone, []string{"", "call me", "1234567890123456"}},
		{asLetters, []string{"", "…", "---"}},
		{asName, []string{"", "美華"}},
	} {
		for _, text := range test.texts {
			f := form{kind: test.kind}
			if test.kind == asCount {
				f = counted(feminine)
			}
			if row, ok := f.speak("en-US", text, nil); ok {
				t.Errorf("%q is said as %s: %v", text, test.kind, row)
			}
		}
	}
}

// A recorded name is said; any other is spelled.
func TestANameIsSaidByItsRecording(t *testing.T) {
	has := func(language, name string) bool { return language == "es-US" && name == "names/plan-oro" }
	if row, ok := (form{kind: asName}).speak("es-US", "Plan Oro", has); !ok || len(row) != 1 || row[0].Name != "names/plan-oro" {
		t.Errorf("said is %v", row)
	}
	if row, ok := (form{kind: asName}).speak("en-US", "Plan Oro", has); !ok || len(row) != 8 {
		t.Errorf("said is %v", row)
	}
}

// Whatever is said, its pieces are among those that the checker asks for, and they
// are recorded.
func TestNoPieceIsMissed(t *testing.T) {
	scripts := scripts(t)
	forms := []form{counted(masculine), counted(feminine)}
	for _, name := range valueKinds() {
		if kind := valueKind(name); kind != asCount {
			forms = append(forms, form{kind: kind})
			for _, option := range kind.options() {
				forms = append(forms, form{kind: kind, gender: gender(option), weekday: option == "weekday", noYear: option == "no_year"})
			}
		}
	}
	for _, language := range []string{"en-US", "es-US"} {
		for _, f := range forms {
			needed := map[string]bool{PromptPause: true, "claim": true, "claims": true}
			for _, name := range f.neededFor(language) {
				needed[name] = true
				if scripts[language][name] == "" {
					t.Errorf("%s is asked for in %s, and nobody has written it", name, language)
				}
			}
			rapid.Check(t, func(t *rapid.T) {
				text := valueOf(t, f.kind)
				row, ok := f.speak(language, text, nil)
				if !ok {
					t.Fatalf("%q can't be said as %s", text, f.kind)
				}
				for _, prompt := range row {
					if !needed[prompt.Name] {
						t.Fatalf("%q as %s: %s is said in %s but not asked for", text, f.kind, prompt.Name, language)
					}
				}
			})
		}
	}
}

// Property: whatever a service or a file gives for a value, it is said of pieces
// that are there, or not at all.
func TestAnyTextIsSaidOrNotSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := form{kind: valueKind(rapid.SampledFrom(valueKinds()).Draw(t, "kind")), keyed: rapid.Bool().Draw(t, "keyed"), gender: rapid.SampledFrom([]gender{alone, masculine, feminine}).Draw(t, "gender")}
		if f.kind == asCount {
			f.one, f.many = &promptUse{name: "claim"}, &promptUse{name: "claims"}
		}
		language := rapid.SampledFrom([]string{"en-US", "es-US", "fr-CA"}).Draw(t, "language")
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[-$]?[0-9]{0,20}([.,:T/-][0-9]{0,4}){0,4}`)).Draw(t, "text")
		row, ok := f.speak(language, text, func(string, string) bool { return false })
		if ok != (len(row) > 0) {
			t.Fatalf("%q: %v, %t", text, row, ok)
		}
		needed := append(f.neededFor(language), PromptPause, "claim", "claims")
		for _, prompt := range row {
			if prompt.Language != language || !slices.Contains(needed, prompt.Name) {
				t.Fatalf("%q as %s is said by %v", text, f.kind, prompt)
			}
		}
	})
}

// valueOf draws a value that can be said so.
func valueOf(t *rapid.T, kind valueKind) string {
	whole := func(least, most int) int { return rapid.IntRange(least, most).Draw(t, "n") }
	switch kind {
	case asDate:
		return time.Date(whole(1000, 9999), 1, whole(1, 365), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	case asTime:
		return fmt.Sprintf("%02d:%02d", whole(0, 23), whole(0, 59))
	case asMoney:
		return fmt.Sprintf("%d.%02d", whole(-99_999_999, 99_999_999), whole(0, 99))
	case asLetters, asName:
		return rapid.StringMatching(`[A-Za-z0-9ñÑáéíóú]+( [A-Za-z]+)?`).Draw(t, "letters")
	case asPhone:
		return rapid.StringMatching(`[0-9]{1,15}`).Draw(t, "phone")
	case asOrdinal:
		return strconv.Itoa(whole(1, maxNumber))
	}
	// As often small as large.
	return strconv.Itoa(whole(0, []int{99, 9_999, maxNumber}[whole(0, 2)]))
}

// readBack gives the number that words say, by another way than they were made.
func readBack(words string) (n int) {
	values := map[string]int{"cien": 100, "ciento": 100, "mil": thousand, "thousand": thousand, "millón": million, "millones": million, "million": million, "hundred": 100}
	small := map[string][]string{
		"en": strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"),
		"es": strings.Fields("cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"),
	}
	for _, names := range small {
		for i, name := range names {
			values[name] = i
		}
	}
	for i, name := range strings.Fields("treinta cuarenta cincuenta sesenta setenta ochenta noventa") {
		values[name] = 30 + 10*i
	}
	for i, name := range strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety") {
		values[name] = 20 + 10*i
	}
	for i, name := range strings.Fields("doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos") {
		values[name], values[strings.TrimSuffix(name, "os")+"as"] = 200+100*i, 200+100*i
	}
	for _, one := range []string{"un", "una"} {
		values[one] = 1
	}
	for _, one := range []string{"veintiún", "veintiuna"} {
		values[one] = 21
	}
	group := 0
	for _, word := range strings.FieldsFunc(words, func(r rune) bool { return r == ' ' || r == '-' }) {
		value, ok := values[word]
		switch {
		case word == "y":
		case !ok:
			return -1
		case value >= thousand:
			n, group = n+max(group, 1)*value, 0
		case word == "hundred":
			group *= 100
		default:
			group += value
		}
	}
	return n + group
}

// Property: each number is said as itself, and in Spanish agrees with what it counts.
func TestNumbersReadBackAreTheSame(t *testing.T) {
	scripts := scripts(t)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, []int{999, 99_999, maxNumber}[rapid.IntRange(0, 2).Draw(rt, "size")]).Draw(rt, "n")
		for _, language := range []string{"en-US", "es-US"} {
			for _, g := range []gender{alone, masculine, feminine} {
				said := sentenceOf(t, scripts, pieces(language, grammarOf(language).number(n, g)...))
				if got := readBack(said); got != n {
					rt.Fatalf("%d is said as %q, which is %d", n, said, got)
				}
				if language == "en-US" {
					continue
				}
				last := said[strings.LastIndex(said, " ")+1:]
				switch {
				case g == alone && (last == "un" || last == "una" || last == "veintiún" || last == "veintiuna"),
					g == masculine && (strings.HasSuffix(last, "uno") || strings.HasSuffix(last, "una") || strings.Contains(said, "cientas")),
					g == feminine && n%million != 0 && (strings.HasSuffix(last, "uno") || last == "un" || last == "veintiún"),
					g == feminine && strings.Contains(said[strings.LastIndex(said, "mill")+1:], "cientos"),
					strings.Contains(said, "uno mil"), strings.HasPrefix(said, "un mil "), strings.Contains(said, "ciento mil"):
					rt.Fatalf("%d, %s, is said as %q", n, g, said)
				}
			}
		}
	})
}

// Property: every place in a row has a name of its own.
func TestOrdinalsAreDifferent(t *testing.T) {
	scripts := scripts(t)
	for _, language := range []string{"en-US", "es-US"} {
		seen := map[string]int{}
		for n := 1; n <= 2_500; n++ {
			said := sentenceOf(t, scripts, pieces(language, grammarOf(language).ordinal(n, alone)...))
			if other := seen[said]; other > 0 {
				t.Fatalf("%d and %d are both %q", other, n, said)
			}
			seen[said] = n
		}
	}
}
