package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"careline/ledger"
)

// troubles are what a service does, each asked by a look-up of its own; the last
// one helps.
func troubles() []struct {
	name   string
	answer http.HandlerFunc
} {
	return []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"broken", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"copay": 4820`)
		}},
		{"huge", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for i := 0; i < 10<<20 && r.Context().Err() == nil; i += 1 << 16 {
				if _, err := fmt.Fprint(w, strings.Repeat("[", 1<<16)); err != nil {
					return
				}
			}
		}},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusTemporaryRedirect)
		}},
		{"empty", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }},
		{"good", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"copay": 25}`)
		}},
	}
}

// benefits is a service in the world, which remembers what it was asked.
type benefits struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newBenefits(t *testing.T) *benefits {
	o := &benefits{}
	mux := http.NewServeMux()
	for _, trouble := range troubles() {
		mux.HandleFunc("/"+trouble.name, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			o.mu.Lock()
			o.asked = append(o.asked, r.URL.String()+" "+strings.TrimSpace(string(body)))
			o.mu.Unlock()
			trouble.answer(w, r)
		})
	}
	o.Server = httptest.NewServer(mux)
	t.Cleanup(o.Close)
	return o
}

// files of a script that asks for each in turn, whatever became of the one before.
func (o *benefits) files() [][3]string {
	steps, lookUps := "", "look_ups:\n"
	all := troubles()
	for i, trouble := range all {
		next := "person"
		if i < len(all)-1 {
			next = "ask_" + all[i+1].name
		}
		steps += fmt.Sprintf("  ask_%s: {look_up: {name: %s, with: {member: \"{{ member.id }}\"}}, next: told, missing: %s, failed: %s}\n", trouble.name, trouble.name, next, next)
		lookUps += fmt.Sprintf("  %s: {service: benefits, purpose: eligibility, with: {member: member}, post: /%s, body: {member: \"{{ member }}\"}, into: {copay: {path: copay, as: number}}}\n", trouble.name, trouble.name)
	}
	flow := "flow: asking\nlanguages: [en-US]\nstart: who\nsteps:\n" +
		"  who: {verify: {ask: [member_id, date_of_birth]}, verified: ask_slow, failed: person}\n" + steps +
		"  told: {say: \"{{ copay | number }}\", next: bye}\n  bye: {hang_up: {play: goodbye, reason: told}}\n" +
		"  person: {queue: {name: unverified, hold: {music: calm}}, timeout: again, full: again, unavailable: again}\n" +
		"  again: {menu: still-busy, choices: {\"1\": person}, no_input: person}\n"
	return [][3]string{
		{"flows/asking.yaml", "", flow}, {"lookups.yaml", "", lookUps},
		{"services.yaml", "", "services:\n  benefits: {url: \"" + o.URL + "\", recipient: Acme Benefits, time: 1s, failures: 100}\n"},
		{"careline.yaml", "flow: nurse-line}", "flow: asking, emergency_notice: not_needed}"},
	}
}

// TestACallGoesOnWhateverAServiceDoes: slow, broken, huge, sent elsewhere, empty:
// the caller hears what the last one finds.
func TestACallGoesOnWhateverAServiceDoes(t *testing.T) {
	t.Parallel()
	services := newBenefits(t)
	server := start(t, services.files()...)
	caller := server.phone(t, tone())
	caller.dial("5550111")
	caller.press(member)
	began := time.Now()
	caller.awaitEnd()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	record, audit := server.record()
	path := strings.Join(record.Path, " ")
	if want := "asking.ask_slow asking.ask_broken asking.ask_huge asking.ask_elsewhere asking.ask_empty asking.ask_good asking.told asking.bye"; !strings.Contains(path, want) {
		t.Errorf("path %s", path)
	}
	wantBy(t, record, ledger.BySystem)
	services.mu.Lock()
	defer services.mu.Unlock()
	for i, trouble := range troubles() {
		if want := "/" + trouble.name + ` {"member":"48201937"}`; i >= len(services.asked) || services.asked[i] != want {
			t.Errorf("asked %v, want %q in place %d", services.asked, want, i)
		}
	}
	told := 0
	for _, entry := range audit {
		if entry.Kind == ledger.AuditDisclosure {
			told++
			if entry.Call != record.ID || entry.Subject != record.MemberToken || entry.Outcome != "to Acme Benefits" || entry.Purpose != "eligibility" || entry.Time.After(time.Now()) {
				t.Errorf("the accounting says %+v", entry)
			}
		}
	}
	if told != len(troubles()) {
		t.Errorf("%d disclosures are accounted for, %d were made", told, len(troubles()))
	}
}
