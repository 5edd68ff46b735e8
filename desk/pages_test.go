package desk

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Whatever a flow, a config or a caller puts into a value stays text: the page
// has no way of making markup or script of it. The browser refuses it as well
// (Trusted Types, see csp); this finds it before a browser does.
func TestThePageMakesNoMarkupOfValues(t *testing.T) {
	sinks := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc|\beval\(|new Function|javascript:`)
	files, err := filepath.Glob("web/*.ts")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := sinks.Find(text); found != nil {
			t.Errorf("%s uses %s", file, found)
		}
	}
	inline := regexp.MustCompile(`(?i)<script>|\son[a-z]+=|\sstyle=`)
	text, err := os.ReadFile("web/index.html")
	if err != nil {
		t.Fatal(err)
	}
	if found := inline.Find(text); found != nil {
		t.Errorf("index.html has %s, which the Content-Security-Policy refuses", found)
	}
}
