package dial

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestScriptIsReadStepByStep(t *testing.T) {
	steps, err := ParseScript("# a comment\nlisten 5s press 12#; speak \"two words.wav\"\nwait-for sound, wait-for silence 800ms listen hang-up")
	must(t, err)
	var said []string
	for _, step := range steps {
		said = append(said, step.String())
	}
	want := "listen 5s|press 3 keys|speak two words.wav|wait-for sound 60ms|wait-for silence 800ms|listen|hang-up"
	if got := strings.Join(said, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if steps[1].Keys[2].Key() != '#' || steps[0].For != 5*time.Second {
		t.Errorf("arguments got lost: %v", steps)
	}
	if text := fmt.Sprintf("%v %+v", steps[1], steps[1]); strings.Contains(text, "12#") {
		t.Errorf("a printed step shows its keys: %s", text)
	}
}

func TestScriptErrorsNameThePlace(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "the script is empty",
		"listen 5s\n  dance 3s": `script:2:3: "dance" is no step`,
		"press":                 "script:1:1: press needs keys",
		"press 12x":             "script:1:7: key 3 of 3 isn't on a telephone",
		"listen 5":              `script:1:8: "5" is no duration`,
		"listen 99999h":         "script:1:8:",
		"wait-for godot":        "script:1:10: wait-for godot",
		"wait-for":              "script:1:1: wait-for needs sound or silence",
		"press 12 48201937":     "script:1:10: keys stand here without press",
		"speak \"open":          "script:1:7: the quote isn't closed",
	} {
		_, err := ParseScript(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "48201937") {
			t.Errorf("the error repeats the keys: %v", err)
		}
	}
}

func TestBuiltinMemberScript(t *testing.T) {
	steps, err := Builtin("member")
	must(t, err)
	if last := steps[len(steps)-1]; last.Verb != HangUp {
		t.Errorf("the member's script ends with %s", last)
	}
	if _, err := Builtin("nobody"); err == nil || !strings.Contains(err.Error(), "member") {
		t.Errorf("error %v, want it to list what there is", err)
	}
}

func FuzzParseScript(f *testing.F) {
	for _, seed := range []string{"listen 5s", "press é", "speak \"", "wait-for silence 1s", MemberScript, ",;\t\r\n#"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		steps, err := ParseScript(text)
		if err == nil && len(steps) == 0 {
			t.Error("neither steps nor an error")
		}
	})
}

func FuzzReadAnswer(f *testing.F) {
	f.Add([]byte("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		answer, err := readAnswer(body)
		if err == nil && len(answer.Formats) == 0 {
			t.Error("an answer without a codec was taken")
		}
	})
}
