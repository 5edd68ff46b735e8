package call

import (
	"context"
	"testing"
	"time"

	"careline/ledger"
	"careline/sip/passport"
)

// attester takes its time, in virtual time, and then says what the test says.
type attester struct {
	result passport.Result
	takes  time.Duration
	breaks bool
}

func (a *attester) Verify(ctx context.Context, call passport.Call) passport.Result {
	if len(call.Identity) == 0 || a.breaks {
		panic("the test breaks the attester")
	}
	select {
	case <-time.After(a.takes):
		return a.result
	case <-ctx.Done():
		return passport.Result{Verdict: passport.Unverifiable, Err: passport.ErrFetch}
	}
}

func TestSignatureIsJudgedBesideTheCall(t *testing.T) {
	cases := []struct {
		name    string
		judge   *attester
		want    string
		origin  string
		hangsUp time.Duration
	}{
		{"verified", &attester{result: passport.Result{Verdict: passport.Verified, Attestation: passport.AttestationFull, Origin: "mark"}, takes: time.Second}, "verified A", "mark", 3 * time.Second},
		{"refuted", &attester{result: passport.Result{Verdict: passport.Refuted, Err: passport.ErrSignature}}, "refuted", "", time.Second},
		{"unverifiable", &attester{result: passport.Result{Verdict: passport.Unverifiable, Err: passport.ErrFetch}}, "unverifiable", "", time.Second},
		{"it breaks", &attester{breaks: true}, "unverifiable", "", time.Second},
		{"the caller is faster", &attester{takes: time.Minute}, "", "", time.Second},
		{"nobody judges", nil, "", "", time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			onFloor(t, func(o *Options) {
				if c.judge != nil {
					o.Attester = c.judge
				}
			}, func(f *floor) {
				f.signed = true
				dialog, leg := f.ring("5550100")
				f.hears(leg, "hello") // at once, whatever the judge takes
				f.pass(c.hangsUp)
				dialog.hangUp()
				f.pass(time.Second)
				record := f.records.latest()
				if record.Signature != c.want || record.SignatureOrigin != c.origin || record.EndedBy != ledger.ByCaller {
					t.Errorf("the record says %q %q, ended by %s", record.Signature, record.SignatureOrigin, record.EndedBy)
				}
			})
		})
	}
}
