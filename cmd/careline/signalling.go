package main

import (
	"context"
	"errors"

	"careline/desk"
	"careline/ledger"
	"careline/operations"
	"careline/sip/trace"
)

// signalling lets supervisors see what the recorder and the ledger hold.
type signalling struct {
	recorder *trace.Recorder // nil where nothing is traced
	kept     *ledger.Ledger
}

// Ladder is a call's signalling as the desk draws it, or desk.ErrNoSignalling.
func (s signalling) Ladder(ctx context.Context, call string) (desk.Ladder, error) {
	found, err := operations.FindTrace(ctx, s.recorder, s.kept, call)
	if errors.Is(err, ledger.ErrNotFound) {
		return desk.Ladder{}, desk.ErrNoSignalling
	}
	if err != nil {
		return desk.Ladder{}, err
	}
	return ladderOf(found), nil
}

func ladderOf(found trace.Trace) desk.Ladder {
	drawing := found.Drawing()
	ladder := desk.Ladder{
		Began: drawing.Began, Parties: drawing.Parties, Legs: found.Legs, Dropped: found.Dropped,
		Arrows: make([]desk.Arrow, len(drawing.Arrows)),
	}
	for i, arrow := range drawing.Arrows {
		ladder.Arrows[i] = desk.Arrow{
			At: arrow.At.Seconds(), From: arrow.From, To: arrow.To,
			Caption: arrow.Caption(), Note: arrow.Beside(), Response: arrow.Response,
		}
	}
	return ladder
}
