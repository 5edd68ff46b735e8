package call

import (
	"go.uber.org/zap"

	"careline/ivr"
	"careline/sip/passport"
)

// attest has a signed call's signature judged beside the call, which isn't kept
// waiting: a certificate may have to be fetched for it.
func (s *session) attest() {
	signature, signed := s.dialog.Signature()
	if !signed || s.center.options.Attester == nil {
		return
	}
	s.beside.Go(func() {
		answer := attestedMessage{passport.Result{Verdict: passport.Unverifiable, Err: errBroke}}
		defer func() { s.post(answer) }()
		defer s.survive(nil)
		answer.result = s.center.options.Attester.Verify(s.ctx, signature)
	})
}

// onAttested keeps what came of the signature, for the flow and for the record.
func (s *session) onAttested(result passport.Result) {
	record := &s.chronicle.record
	record.Signature, record.SignatureOrigin = result.Verdict.String(), result.Origin
	switch result.Verdict {
	case passport.Verified:
		s.attestation = ivr.Attestation(result.Attestation.String())
		record.Signature += " " + result.Attestation.String()
	case passport.Refuted:
		s.attestation = ivr.AttestationRefuted
	}
	s.log.Info("signature judged", zap.Stringer("verdict", result.Verdict), zap.Stringer("attestation", result.Attestation), zap.Error(result.Err))
	if s.run != nil {
		s.run.Attested(s.attestation)
	}
}
