package lookup

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"careline/phi"
)

// recorded answers as a FHIR server did; the people in the files are invented.
func recorded(t *testing.T, status int, file string, asked *atomic.Value) *desk {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked.Store(r.Method + " " + r.URL.RequestURI() + " " + r.Header.Get("Accept") + " " + string(body))
		w.Header().Set("Content-Type", "application/fhir+json; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write(raw)
	})
	return open(t, Service{URL: server.URL + "/r4", FHIR: true})
}

func fields(names ...string) map[string]FieldText {
	all := map[string]FieldText{}
	for i := 0; i < len(names); i += 3 {
		all[names[i]] = FieldText{Path: names[i+1], As: Kind(names[i+2])}
	}
	return all
}

// member searches for a member's resources.
func member(t *testing.T, resource string, into map[string]FieldText) *Definition {
	return compiled(t, Text{
		Purpose: "self_service", With: map[string]Taking{"member": TakesMember}, Search: resource,
		By:   map[string]string{"patient.identifier": "https://plan.example.net/member|{{ member }}", "_sort": "date", "date": "ge{{ today }}"},
		Into: into,
	})
}

func TestFHIRResourcesAreSearchedAndRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		d    *Definition
		want map[string]string
	}{
		{"appointments.json", member(t, "Appointment", fields("day", "start", "date", "with", "participant.actor.display", "text", "visits", "id", "count")),
			map[string]string{"day": "2027-01-14", "with": "Dr. Rosa Ejemplo", "visits": "2"}},
		{"coverage.json", member(t, "Coverage", fields("active_until", "period.end", "date", "plan", "class[type=plan].name", "text", "copay", "costToBeneficiary[0].valueMoney.value", "money")),
			map[string]string{"active_until": "2027-12-31", "plan": "Gold Plus", "copay": "25.00"}},
		{"medications.json", member(t, "MedicationRequest", fields("drug", "medicationCodeableConcept.text", "text", "refills", "dispenseRequest.numberOfRepeatsAllowed", "number", "drugs", "id", "count")),
			map[string]string{"drug": "Metformin 500 mg tablet", "refills": "3", "drugs": "2"}},
		{"patient.json", member(t, "Patient", fields("phone", "telecom[system=phone].value", "text", "living", "active", "truth")),
			map[string]string{"phone": "608-555-0142", "living": "true"}},
		{"practitioner.json", compiled(t, Text{Read: "Practitioner/{{ id }}", With: map[string]Taking{"id": TakesPublic}, Into: fields("name", "name[use=official].text", "text", "npi", "identifier[system=http://hl7.org/fhir/sid/us-npi].value", "text")}),
			map[string]string{"name": "Rosa Ejemplo, MD", "npi": "1234567893"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			var was atomic.Value
			d := recorded(t, 200, c.file, &was)
			got, err := d.LookUp(t.Context(), c.d, Ask{Call: "call-1", Actor: "flow:x", Values: map[string]phi.String{"member": phi.NewString("4820,1937"), "id": phi.NewString("p-7")}})
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range c.want {
				if text := reveal(t, got[name]); text != want {
					t.Errorf("%s is %q, want %q", name, text, want)
				}
			}
			text, _ := was.Load().(string)
			if c.d.request.search {
				head, form, _ := strings.Cut(text, "application/fhir+json ")
				values, err := url.ParseQuery(form)
				if head != "POST /r4/"+c.d.request.resource+"/_search " || err != nil || values.Get("patient.identifier") != `https://plan.example.net/member|4820\,1937` {
					t.Errorf("asked is %s", text)
				}
				if len(d.book.all()) != 1 {
					t.Error("not taken down")
				}
			} else if text != "GET /r4/Practitioner/p-7 application/fhir+json " {
				t.Errorf("asked is %s", text)
			}
		})
	}
}

func TestFHIRServersThatHaveNothingOrSayNo(t *testing.T) {
	t.Parallel()
	day := member(t, "Appointment", fields("day", "start", "date"))
	count := member(t, "Appointment", fields("n", "id", "count"))
	read := compiled(t, Text{Read: "Practitioner/7", Into: fields("name", "name.text", "text")})
	for _, c := range []struct {
		name, file string
		status     int
		d          *Definition
		want       string
	}{
		{"an empty bundle", "nothing.json", 200, day, "there is nothing of the kind"},
		{"one that was only included", "included.json", 200, day, "there is nothing of the kind"},
		{"an outcome in place of a bundle", "outcome.json", 200, day, "another resource"},
		{"a refusal", "outcome.json", 400, day, "it answered 400 (invalid)"},
		{"an unknown search", "outcome.json", 404, day, "it answered 404 (invalid)"},
		{"no such resource", "outcome.json", 404, read, "there is nothing of the kind (404)"},
		{"another resource", "patient.json", 200, read, "another resource"},
		{"more pages", "pages.json", 200, count, "more than one page"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var was atomic.Value
			d := recorded(t, c.status, c.file, &was)
			_, err := d.LookUp(t.Context(), c.d, Ask{Values: map[string]phi.String{"member": phi.NewString(secretID)}})
			if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrMissing) != strings.Contains(c.want, "nothing") {
				t.Errorf("%v, want %q", err, c.want)
			}
			d.keepsSecret(t, err, "Ejemplo", "diagnostics")
		})
	}
	var was atomic.Value
	d := recorded(t, 200, "nothing.json", &was)
	got, err := d.LookUp(t.Context(), count, Ask{Values: map[string]phi.String{"member": phi.NewString(secretID)}})
	if err != nil || reveal(t, got["n"]) != "0" {
		t.Errorf("none are counted as %v, %v", got, err)
	}
}

func TestAFHIRLookUpIsNotSentToAnotherKindOfService(t *testing.T) {
	t.Parallel()
	d := open(t, Service{URL: "http://127.0.0.1:1"})
	if _, err := d.LookUp(t.Context(), member(t, "Coverage", fields("a", "a", "text")), Ask{}); err == nil || !strings.Contains(err.Error(), "no such service") {
		t.Error(err)
	}
}
