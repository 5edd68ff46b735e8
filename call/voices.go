package call

import (
	"context"

	"careline/ledger"
	"careline/ledger/recording"
)

// keptVoices are Voices of a store and its ledger.
type keptVoices struct {
	*ledger.Ledger
	store *recording.Store
}

// NewVoices keeps what callers say in a store of recordings, and what is known of it in
// its ledger.
func NewVoices(store *recording.Store, kept *ledger.Ledger) Voices { return keptVoices{kept, store} }

func (k keptVoices) Begin(ctx context.Context, r ledger.Recording) (VoiceFile, error) {
	w, err := k.store.Begin(ctx, r)
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (k keptVoices) Dispose(ctx context.Context, id, actor, why string) error {
	return k.store.Dispose(ctx, id, actor, why)
}
