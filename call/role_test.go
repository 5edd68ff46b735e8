package call

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"careline/ivr"
	"careline/member"
)

const spokenForMembers = `members:
  - id: "48201937"
    name: Linda Park
    born: 1961-04-12
    next_visit: 2027-01-14
    representatives:
      - {name: Ada Park, basis: written_authorization, scope: [claims], pin: "482913", until: 2030-12-31}
`

// asOthers is a floor whose flow verifies representatives (as they ask) or providers.
func asOthers(t *testing.T, who, ask string) func(*Options) {
	t.Helper()
	text := strings.Replace(testFlow, "verify: {ask: [member_id, date_of_birth]", "verify: {who: "+who+", ask: ["+ask+"]", 1)
	text = strings.Replace(text, "prompts: {member_id: ask-id, date_of_birth: ask-birth}", "prompts: {member_id: ask-id, date_of_birth: ask-birth, "+map[string]string{"representative": "representative_pin: again", "provider": "npi: again, tin: again"}[who]+"}", 1)
	flows, err := ivr.Load(fstest.MapFS{"main.yaml": {Data: []byte(text)}}, ".", ivr.Environment{Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"claims": {}}})
	if err != nil {
		t.Fatal(err)
	}
	directory, err := member.LoadDirectory("members.yaml", []byte(spokenForMembers))
	if err != nil {
		t.Fatal(err)
	}
	providers, err := member.LoadProviders("providers.yaml", []byte(`providers: [{npi: "1234567893", tin: "912345678", name: Clinic}]`))
	if err != nil {
		t.Fatal(err)
	}
	return func(o *Options) {
		records := o.Records.(*fakeRecords)
		verifier, err := member.NewVerifier(member.Options{Directory: directory, Providers: providers, Store: records, Audit: records, Key: make([]byte, 32)})
		if err != nil {
			t.Fatal(err)
		}
		o.Content.Flows, o.Verifier = flows, verifier
	}
}

// TestTheAgentSeesForWhomAndByWhatRightACallerSpeaks: so does the record, and a fact
// that the authority doesn't cover is read for nobody.
func TestTheAgentSeesForWhomAndByWhatRightACallerSpeaks(t *testing.T) {
	onFloor(t, asOthers(t, "representative", "member_id, date_of_birth, representative_pin"), func(f *floor) {
		f.signIn("maria")
		caller, leg := f.ring("5550100")
		f.press(leg, "4820193704121961482913")
		f.pass(5e9)
		view := f.view("maria").Call
		if view == nil || view.Verification != "verified" || view.Role != "representative" || view.Basis != "written_authorization" || !slices.Equal(view.Scope, []string{"claims"}) || view.Until.Year() != 2031 {
			t.Fatalf("the page shows %+v", view)
		}
		session := f.center.sessions["call-1"]
		if _, err := session.readFact(session.verification, "main", "next_visit"); !errors.Is(err, member.ErrOutOfScope) {
			t.Errorf("a visit is read for who may ask for claims: %v", err)
		}
		if _, err := session.readFact(session.verification, "main", "id"); err != nil {
			t.Error(err)
		}
		caller.hangUp()
		synctest.Wait()
		if record := f.records.latest(); record.VerifiedAs != "representative: written_authorization (claims)" || record.Verification != "verified" {
			t.Errorf("the record says %q, %q", record.Verification, record.VerifiedAs)
		}
	})
}

func TestAProviderIsVerifiedByBothNumbersAndTheMembers(t *testing.T) {
	for keys, want := range map[string]string{
		"12345678939123456784820193704121961": "verified, provider: npi_and_tin",
		"12345678939123456794820193704121961": "not_verified, ",
	} {
		onFloor(t, asOthers(t, "provider", "npi, tin, member_id, date_of_birth"), func(f *floor) {
			f.signIn("maria")
			caller, leg := f.ring("5550100")
			f.press(leg, keys)
			f.pass(5e9)
			caller.hangUp()
			synctest.Wait()
			record := f.records.latest()
			if got := record.Verification + ", " + record.VerifiedAs; got != want {
				t.Errorf("the record says %q, want %q", got, want)
			}
		})
	}
}
