package call

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"careline/ivr"
	"careline/lookup"
	"careline/member"
	"careline/phi"
)

// LookUp asks beside the call: a service takes its time, and what is told to it
// is taken down before.
func (l flowLine) LookUp(request ivr.LookUpRequest) {
	s, verification := l.session, l.verification
	definition := s.content.LookUps[request.Name]
	flow := s.run.Flow()
	s.beside.Go(func() {
		m := lookedUpMessage{id: request.ID, answer: ivr.LookUpAnswer{Outcome: ivr.LookUpFailed}}
		defer func() { s.post(m) }()
		defer s.survive(nil)
		m.answer = s.lookUp(verification, flow, definition, request)
	})
}

func (s *session) lookUp(verification *member.Verification, flow string, definition *lookup.Definition, request ivr.LookUpRequest) ivr.LookUpAnswer {
	failed := ivr.LookUpAnswer{Outcome: ivr.LookUpFailed}
	if definition == nil || s.center.options.LookUps == nil {
		s.log.Error("nobody can be asked", zap.String("look_up", request.Name))
		return failed
	}
	ask := lookup.Ask{Call: s.id, Actor: "flow:" + flow, Subject: verification.Token(), Values: request.Values}
	for name, fact := range request.Facts {
		value, err := s.factFor(verification, request.Name, fact)
		if err != nil {
			s.log.Warn("not looked up", zap.String("look_up", request.Name), zap.String("fact", fact), zap.Error(err))
			return failed
		}
		ask.Values[name] = value
	}
	fields, err := s.center.options.LookUps.LookUp(s.ctx, definition, ask) // which logs how it went
	switch {
	case errors.Is(err, lookup.ErrMissing):
		return ivr.LookUpAnswer{Outcome: ivr.NothingFound}
	case err != nil:
		return failed
	}
	texts, err := s.readFields(definition, ask, fields)
	if err != nil {
		s.log.Error("what was looked up can't be read", zap.String("look_up", request.Name), zap.Error(err))
		return failed
	}
	return ivr.LookUpAnswer{Outcome: ivr.Found, Fields: texts}
}

// factFor gives a member's fact to a look-up. Telling it to the service is what
// is taken down.
func (s *session) factFor(verification *member.Verification, lookUp, name string) (phi.String, error) {
	if verification == nil {
		return phi.String{}, errNotVerified
	}
	if err := verification.Valid(s.id, s.center.now()); err != nil {
		return phi.String{}, err
	}
	return verification.ForLookUp(lookUp, name)
}

// readFields hands what was found to the flow, after the audit was written: once
// for all fields, and not at all for what is nobody's.
func (s *session) readFields(definition *lookup.Definition, ask lookup.Ask, fields map[string]phi.String) (map[string]string, error) {
	if !definition.Public() {
		access := phi.Access{Call: ask.Call, Actor: ask.Actor, Subject: ask.Subject, Field: "look-up " + definition.Name(), Purpose: phi.SelfService}
		if err := s.center.records.RecordAccess(s.ctx, access); err != nil {
			return nil, err
		}
	}
	texts := map[string]string{}
	for name, value := range fields {
		text, err := value.Reveal(s.ctx, takenDown{}, phi.Access{Field: name})
		if err != nil {
			return nil, err
		}
		texts[name] = text
	}
	return texts, nil
}

// takenDown lets fields be read whose reading readFields has taken down.
type takenDown struct{}

func (takenDown) RecordAccess(context.Context, phi.Access) error { return nil }
