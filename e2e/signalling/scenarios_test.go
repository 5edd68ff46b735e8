package signalling

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// elsewhere are those that the stories of e2e and the benchmark play.
const elsewhere = "handset member set-up sound-elsewhere tones"

func TestEachScenarioIsPlayedAndCitesItsSource(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(scenarios, "*.xml"))
	must(t, err)
	tests, err := filepath.Glob("*_test.go")
	must(t, err)
	var code strings.Builder
	for _, file := range tests {
		text, err := os.ReadFile(file)
		must(t, err)
		code.Write(text)
	}
	source := regexp.MustCompile(`(?s)^<\?xml [^>]*>\n<!-- .*RFC\s+\d{4}\s+sections?\s.*?-->`)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".xml")
		if slices.Contains(strings.Fields(elsewhere), name) {
			continue
		}
		text, err := os.ReadFile(file)
		must(t, err)
		if !source.Match(text) {
			t.Errorf("%s doesn't begin with a comment that says what it proves, by RFC and section", file)
		}
		if !strings.Contains(string(text), `<scenario name="`+name+`">`) {
			t.Errorf("%s has another name inside", file)
		}
		if !strings.Contains(code.String(), `"`+name+`"`) {
			t.Errorf("no test plays %s", file)
		}
	}
}
