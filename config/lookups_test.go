package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"careline/lookup"
)

const (
	soundServices = `services:
  benefits:
    url: https://benefits.example.net/v2
    recipient: Acme Benefits, Inc.
    headers: {Authorization: "file:token", Accept-Language: en}
    time: 3s
  records: {kind: fhir, url: "https://fhir.example.net/r4"}
`
	soundLookUps = `look_ups:
  copay:
    service: benefits
    purpose: eligibility
    with: {member: member, plan: public}
    post: /plans/{{ plan }}/copay
    body: {member: "{{ member }}", levels: [1, 2.5, "x", true, null]}
    into:
      copay: {path: visit.copay, as: money}
      note: {path: note, as: text, otherwise: none}
    keep: 10m
  next_appointment:
    service: records
    purpose: self service
    with: {member: member}
    search: Appointment
    by: {patient.identifier: "https://plan.example.net/member|{{ member }}"}
    into: {visit_day: {path: start, as: date}}
`
)

// asking writes the files of a configuration that asks services, with edits to
// the two of them, and a secret.
func asking(t *testing.T, dir string, edits ...string) string {
	t.Helper()
	files := map[string]string{servicesName: soundServices, lookUpsName: soundLookUps, "token": "Bearer abc\n"}
	for i := 0; i < len(edits); i += 3 {
		if !strings.Contains(files[edits[i]], edits[i+1]) {
			t.Fatalf("%s has no %q", edits[i], edits[i+1])
		}
		files[edits[i]] = strings.Replace(files[edits[i]], edits[i+1], edits[i+2], 1)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestServicesAndLookUpsAreRead(t *testing.T) {
	settings, err := LoadAt(asking(t, copied(t)), autumn())
	if err != nil {
		t.Fatal(err)
	}
	if len(settings.Services) != 2 || len(settings.Content.LookUps) != 2 {
		t.Fatalf("%d services, %d look-ups", len(settings.Services), len(settings.Content.LookUps))
	}
	benefits := settings.Services[0]
	if benefits.Headers.Get("Authorization") != "Bearer abc" || benefits.Time.Seconds() != 3 || benefits.AtOnce != lookup.DefaultAtOnce || benefits.FHIR || !settings.Services[1].FHIR {
		t.Errorf("%+v", benefits)
	}
	copay := settings.Content.LookUps["copay"]
	if copay.Fields()["copay"] != lookup.AsMoney || copay.With()["member"] != lookup.TakesMember || copay.Public() {
		t.Errorf("%+v", copay)
	}
}

// A call's record names its flows' version: it must tell what they asked, too.
func TestOtherLookUpsAreAnotherVersion(t *testing.T) {
	dir := asking(t, copied(t))
	scripts := func() map[string][]byte {
		files, err := ScriptFiles(dir)
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	settings, err := LoadAt(dir, autumn())
	if err != nil {
		t.Fatal(err)
	}
	same, _, err := settings.Scripts().Load(scripts(), autumn())
	if err != nil || same.Flows.Version() != settings.Content.Flows.Version() || len(same.LookUps) != 2 {
		t.Fatalf("%v, version %s, want %s", err, same.Flows.Version(), settings.Content.Flows.Version())
	}
	asking(t, dir, lookUpsName, "visit.copay", "copay")
	other, _, err := settings.Scripts().Load(scripts(), autumn())
	if err != nil || other.Flows.Version() == same.Flows.Version() {
		t.Errorf("%v, version %s again", err, other.Flows.Version())
	}
	asking(t, dir, lookUpsName, "service: benefits", "service: attacker")
	if _, _, err := settings.Scripts().Load(scripts(), autumn()); err == nil {
		t.Error("a script names a service that the server doesn't have")
	}
}

func TestWithoutServicesNobodyIsAsked(t *testing.T) {
	settings, err := LoadAt(copied(t), autumn())
	if err != nil || len(settings.Services) != 0 || len(settings.Content.LookUps) != 0 {
		t.Errorf("%v, %+v", err, settings.Services)
	}
}

func TestMistakesInServicesAndLookUps(t *testing.T) {
	for _, c := range []struct {
		name  string
		edits []string
		want  string
	}{
		{"clear text over the network", []string{servicesName, "https://benefits", "http://benefits"}, `services.yaml:3:10: service "benefits" can't be asked at this url: what is sent there could be read on the way`},
		{"a secret in the file", []string{servicesName, `"file:token"`, `Bearer abc`}, `services.yaml:5:30: the Authorization header stands in the file for all to read`},
		{"a secret that isn't there", []string{servicesName, `"file:token"`, `"env:CARELINE_NO_SUCH_THING"`}, `services.yaml:5:30: the Authorization header is to be the environment's CARELINE_NO_SUCH_THING`},
		{"a kind that is none", []string{servicesName, "kind: fhir", "kind: fihr"}, `services.yaml:7:19: "fihr" is not a kind of service; did you mean "fhir"?`},
		{"a time longer than flows wait", []string{servicesName, "time: 3s", "time: 60s"}, `services.yaml:6:11: time is 60s, which is out of bounds; from 200ms to 15s is allowed`},
		{"a key that is none", []string{servicesName, "time: 3s", "tiem: 3s"}, `services.yaml:6:5: "tiem" is not a key here; did you mean "time"?`},
		{"authorities that aren't there", []string{servicesName, "time: 3s", "tls: {authorities: no.pem}"}, `services.yaml:6:24: there is no certificate in no.pem`},
		{"nobody of that name", []string{lookUpsName, "service: benefits", "service: benefit"}, `lookups.yaml:3:14: "benefit" is not a service of services.yaml; did you mean "benefits"?`},
		{"a search at no FHIR server", []string{lookUpsName, "service: records", "service: benefits"}, `lookups.yaml:13:14: service "benefits" is no FHIR server`},
		{"a member's number in a URL", []string{lookUpsName, "post: /plans/{{ plan }}/copay", "post: /plans/{{ plan }}/{{ member }}"}, `lookups.yaml:6:11: "member" would stand in the URL, which servers and proxies keep in their logs`},
		{"a value in the body that isn't taken", []string{lookUpsName, `body: {member: "{{ member }}"`, `body: {member: "{{ menber }}"`}, `lookups.yaml:7:20: the value "menber" is not among those taken`},
		{"no purpose", []string{lookUpsName, "    purpose: eligibility\n", ""}, `lookups.yaml:3:5: the look-up tells a service what is protected, and not what for`},
		{"a path that is none", []string{lookUpsName, "visit.copay", "visit..copay"}, `lookups.yaml:9:21: "visit..copay" is no path in an answer`},
		{"kept too long", []string{lookUpsName, "keep: 10m", "keep: 90h"}, `lookups.yaml:11:11: keep is out of bounds`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := asking(t, t.TempDir(), c.edits...)
			r := &reader{dir: dir, files: os.DirFS(dir), raw: map[string][]byte{}}
			r.lookUps(r.services())
			err := r.problems.Err()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

// TestExamplesOfThePageAreSound reads docs/lookups.md as an admin would copy it.
func TestExamplesOfThePageAreSound(t *testing.T) {
	raw, err := os.ReadFile("../docs/lookups.md")
	if err != nil {
		t.Fatal(err)
	}
	services, lookUps := "", "look_ups:\n"
	for _, example := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		if rest, ok := strings.CutPrefix(example[1], "look_ups:\n"); ok {
			lookUps += rest
		} else {
			services += example[1]
		}
	}
	dir := t.TempDir()
	services = strings.Replace(services, "/etc/careline/benefits.token", "token", 1)
	for name, text := range map[string]string{servicesName: services, lookUpsName: lookUps, "token": "Bearer abc\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := &reader{dir: dir, files: os.DirFS(dir), raw: map[string][]byte{}}
	if got := r.lookUps(r.services()); len(got) != 4 || r.problems.Err() != nil {
		t.Errorf("%d look-ups, %v", len(got), r.problems)
	}
}
