// Package recording keeps sound sealed: calls, messages and statements.
//
// Each recording is a file under a key of its own (package seal), whose name is its ID
// and tells nothing; what is known of it, and its key, sealed under a master key, are in
// the ledger. To hear one is an access to protected data: it is audited before the first
// byte comes out (45 CFR 164.312(b)), and where it can't be audited nothing does. To
// destroy the key is to dispose of the recording, whatever copies of the file there are.
//
//	s, err := recording.Open(ctx, recording.Options{Folder: "var/recordings", Ledger: kept})
//	w, err := s.Begin(ctx, ledger.Recording{Call: call, Kind: ledger.RecordedCall, Channels: 2, Class: "calls"})
//	recorded, err := tap.RecordOpus(ctx, w)
//	err = w.Close(recording.Result{Length: recorded.Length})
//	sound, err := s.Read(ctx, id, recording.Reading{Actor: "agent:sam", Purpose: "complaint 4711"})
//
// What lives here: files, keys, retention. What must not: sound's formats, and who may
// hear what.
package recording
