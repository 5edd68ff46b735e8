package config

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"careline/sip/srtp"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

const referenceFile = "../docs/configuration.md"

// The page's text around the tables.
const (
	referenceHead = `# Configuration

A folder holds everything that an admin decides; ` + "`config/demo`" + ` is one that works. Copy it, change what
differs, look with ` + "`careline check DIR`" + `, start with ` + "`careline run --config DIR`" + `.

| what | where |
|---|---|
| site, listeners, lines | careline.yaml |
| who takes calls | agents.yaml |
| what they take calls on besides the browser | phones.yaml, which may be left out |
| the carriers, where calls of ours go to or certificates are asked for | trunks.yaml, which may be left out |
| which numbers may be dialed | dialplan.yaml; without it, none |
| where callers wait | queues.yaml |
| who is asked by look-ups | services.yaml, which may be left out |
| what they are asked | lookups.yaml, which may be left out |
| whom flows may call: numbers by name, who is on call | outside.yaml, which may be left out (docs/on-call.md) |
| where nurses may work, with the source of each list | licensing.yaml |
| who may call (the demo's directory) | members.yaml |
| what callers go through | flows/*.yaml |
| when lines are open | calendars.yaml, which may be left out (docs/calendars.md) |
| what callers hear | prompts/LANGUAGE/NAME.wav, music/NAME.wav, or .opus (docs/prompts.md, docs/media.md) |

` + "`careline check`" + ` reads all of it together: a line without its flow, a queue that no agent can serve, a nurse
line without one valid license, two listeners on one port, a prompt missing in Spanish, a demo open to the
network. Each mistake is one line: file:line:column, what is wrong, what to do. A server isn't started with
mistakes. An unknown key is a mistake; nothing is silently ignored. What works today and should be looked at is a
warning: a state without a nurse since a license ran out, a queue or a flow that nothing leads to, a skill that
nothing wants.

Durations are written as 20s, 15m, 4h. Port 0 takes any free port; the log's event "ready" names it.
Paths of the ledger, the log and the cache of speech are relative to the directory that the server is started in.

This page is made from the program (` + "`go test ./config -update`" + `); a test holds the two together.
`
	missing = "(must be given)"
)

// mustBeGiven have no default: there is no safe one.
func mustBeGiven() map[string]bool {
	return map[string]bool{
		"site.name": true, "sip.listen": true, "media.address": true, "media.ports": true, "media.webrtc": true,
		"desk.listen": true, "operations.listen": true, "away_reasons": true, "lines": true, "lines.NUMBER.name": true, "lines.NUMBER.flow": true,
		"agents.USER.name": true, "agents.USER.password": true, "agents.USER.queues": true, "agents.USER.languages": true,
		"agents.USER.credentials[].type": true, "agents.USER.credentials[].number": true, "agents.USER.credentials[].state": true,
		"agents.USER.credentials[].expires": true, "agents.USER.credentials[].status": true,
		"phones.NAME.agent": true, "on_call.NAME.people": true, "on_call.NAME.people[].number": true,
		"services.NAME.url": true, "look_ups.NAME.service": true, "look_ups.NAME.into": true,
		"states": true, "compact": true, "compact[].from": true, "compact[].source": true, "compact[].states": true,
	}
}

// rows lists the keys of a struct as table rows, each with default and meaning.
func rows(t *testing.T, b *strings.Builder, prefix string, value reflect.Value) {
	for i := range value.NumField() {
		field, content := value.Type().Field(i), value.Field(i)
		key, help := field.Tag.Get("yaml"), field.Tag.Get("help")
		if least, most, bounded := strings.Cut(field.Tag.Get("range"), ".."); bounded {
			help += fmt.Sprintf(" From %s to %s.", least, most)
			if value := magnitude(content); !content.IsZero() && (value < amount(least) || value > amount(most)) {
				t.Errorf("the default of %s%s is out of bounds", prefix, key)
			}
			if amount(least) >= amount(most) {
				t.Errorf("%s%s has no room between its bounds", prefix, key)
			}
		}
		if key == "" || help == "" {
			t.Errorf("%s%s has no yaml or help tag", prefix, field.Name)
			continue
		}
		name := prefix + key
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, defaultText(name, content), help)
		switch {
		case content.Kind() == reflect.Struct && strings.HasSuffix(content.Type().Name(), "Keys"):
			rows(t, b, name+".", content)
		case content.Kind() == reflect.Map && content.Type().Elem().Kind() == reflect.Struct && strings.HasSuffix(content.Type().Elem().Name(), "Keys"):
			placeholder := ".NUMBER."
			switch key {
			case "phones", "trunks":
				placeholder = ".NAME."
			case "into":
				placeholder = ".VARIABLE."
			case "voices":
				placeholder = ".LANGUAGE."
			}
			rows(t, b, name+placeholder, reflect.Zero(content.Type().Elem()))
		case content.Kind() == reflect.Slice && strings.HasSuffix(content.Type().Elem().Name(), "Keys"):
			rows(t, b, name+"[].", reflect.Zero(content.Type().Elem()))
		}
	}
}

func defaultText(name string, value reflect.Value) string {
	if mustBeGiven()[name] {
		return missing
	}
	switch v := value.Interface().(type) {
	case time.Duration:
		text := v.String()
		for _, empty := range []string{"m0s", "h0m"} {
			if strings.HasSuffix(text, empty) {
				text = text[:len(text)-2]
			}
		}
		return text
	case zone:
		return v.String()
	case srtpPolicy:
		if v.Policy == srtp.Unset {
			return ""
		}
		return v.String()
	case megabytes:
		return v.String()
	case lufs:
		return v.String()
	case packetIO:
		return v.String()
	case inbandDigits:
		return v.String()
	case level:
		return v.String()
	case []codec, []supervisionMode:
		return fmt.Sprint(v)
	case codec:
		return ""
	}
	switch value.Kind() {
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Pointer:
		return ""
	case reflect.String:
		return value.String()
	}
	return fmt.Sprint(value.Interface())
}

func reference(t *testing.T) string {
	var b strings.Builder
	b.WriteString(referenceHead)
	table := func(title, prefix string, value any) {
		fmt.Fprintf(&b, "\n## %s\n\n| key | default | meaning |\n|---|---|---|\n", title)
		rows(t, &b, prefix, reflect.ValueOf(value))
	}
	table("careline.yaml", "", defaults())
	table("agents.yaml", "agents.USER.", agentKeys{})
	table("phones.yaml", "", phonesDefaults())
	table("trunks.yaml", "", trunksKeys{})
	table("dialplan.yaml", "", dialplanDefaults())
	table("queues.yaml", "queues.NAME.", queueDefaults())
	table("calling.yaml", "", callingDefaults())
	table("licensing.yaml", "", licensingFile{})
	table("services.yaml", "services.NAME.", serviceDefaults())
	table("lookups.yaml", "look_ups.NAME.", lookUpKeys{})
	table("outside.yaml", "on_call.NAME.", onCallDefaults())
	return b.String()
}

func TestThePageOfKeysIsTrue(t *testing.T) {
	want := []byte(reference(t))
	if *update {
		if err := os.WriteFile(referenceFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("docs/configuration.md differs from the program: go test ./config -update")
	}
}
