package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"careline/config"
	"careline/ledger"
	"careline/ledger/recording"
	"careline/operations"
)

// deskRecordings is what supervisors hear at the desk.
type deskRecordings struct {
	*ledger.Ledger
	store *recording.Store
}

// Open opens a recording, once that is audited.
func (d deskRecordings) Open(ctx context.Context, id, actor, purpose string) (io.ReadSeekCloser, error) {
	sound, err := d.store.Read(ctx, id, recording.Reading{Actor: actor, Purpose: purpose})
	if err != nil {
		return nil, err
	}
	return sound, nil
}

func recordingEntry() command {
	return command{
		name: "recording", arguments: "TASK [--config DIR | --socket FILE] [ID]", summary: "list, export, keep and dispose of recordings",
		details: `
Asks the running server, as its user or root; whatever is opened or changed stands in
the audit with who did it and why (docs/recordings.md).

list [--json] [CALL]             what is known of a call's recordings, or of the newest
export --purpose P --out FILE ID writes the sound (Opus in Ogg); P is quality_review,
                                 complaint, training, compliance or legal
verify ID                        reads it to its end and says whether it is as it was
                                 written; nothing of it comes out
hold --why WORDS ID              keeps it beyond its time (a legal hold)
release ID                       ends that
dispose --why WORDS ID           destroys its key: nobody can hear it ever again
rekey                            seals all keys under the present master key`,
		examples: []string{"recording list", "recording export --purpose complaint --out call.ogg 0190a1b2-...", `recording hold --why "legal hold 2027-14" 0190a1b2-...`},
		run:      recordingCommand,
	}
}

// recordingOrder is a careline recording as it was typed.
type recordingOrder struct {
	task, id, socket, purpose, out, why string
	json                                bool
}

// recordingCommand is careline recording.
func recordingCommand(ctx context.Context, t terminal, args []string) int {
	order, code := t.recordingOrder(args)
	if code != exitOK {
		return code
	}
	if err := order.do(ctx, t); err != nil {
		return t.fail(err)
	}
	return exitOK
}

func (t terminal) recordingOrder(args []string) (recordingOrder, int) {
	var order recordingOrder
	var dir string
	flags := flag.NewFlagSet("recording", flag.ContinueOnError)
	flags.StringVar(&dir, "config", defaultConfig, "folder whose server is meant")
	flags.StringVar(&order.socket, "socket", "", "the server's control socket")
	flags.StringVar(&order.purpose, "purpose", "", "what a recording is opened for")
	flags.StringVar(&order.out, "out", "", "file for the sound")
	flags.StringVar(&order.why, "why", "", "why it is done; it stands in the audit")
	flags.BoolVar(&order.json, "json", false, "print as JSON")
	positional, err := t.parse(flags, args)
	if err != nil {
		return order, exitMisused
	}
	if len(positional) > 0 {
		order.task = positional[0]
	}
	if len(positional) > 1 {
		order.id = positional[1]
	}
	if why := order.misused(len(positional)); why != "" {
		_ = t.misused("recording", why)
		return order, exitMisused
	}
	if order.socket == "" {
		if order.socket, err = config.Control(dir); err != nil {
			return order, t.fail(fmt.Errorf("%w\nname the server's socket with --socket to go without the configuration", err))
		}
	}
	return order, exitOK
}

// misused says what is wrong with the order, if anything is.
func (o recordingOrder) misused(words int) string {
	needs := map[string]string{"export": "ID", "verify": "ID", "hold": "ID", "release": "ID", "dispose": "ID", "list": "", "rekey": ""}
	need, known := needs[o.task]
	switch {
	case !known:
		return "say what to do: list, export, verify, hold, release, dispose or rekey"
	case words > 2 || o.task == "rekey" && words > 1:
		return "that is one word too many"
	case need != "" && o.id == "":
		return "name the recording by its ID, as careline recording list shows it"
	case o.task == "export" && o.out == "":
		return "name the file for the sound with --out"
	case o.task == "export" && recording.CheckPurpose(o.purpose) != nil:
		return "say what it is opened for with --purpose: quality_review, complaint, training, compliance or legal"
	case (o.task == "hold" || o.task == "dispose") && o.why == "":
		return "say why with --why"
	}
	return ""
}

func (o recordingOrder) do(ctx context.Context, t terminal) error {
	switch o.task {
	case "list":
		return o.list(ctx, t)
	case "export":
		return o.export(ctx, t)
	case "verify":
		if err := operations.VerifyRecording(ctx, o.socket, o.id); err != nil {
			return err
		}
		fmt.Fprintf(t.stdout, "%s is as it was written\n", o.id)
		return nil
	case "rekey":
		n, err := operations.RekeyRecordings(ctx, o.socket)
		if err == nil {
			fmt.Fprintf(t.stdout, "%d keys are sealed anew; the old key files are needed no longer\n", n)
		}
		return err
	}
	if err := operations.ChangeRecording(ctx, o.socket, o.id, o.task, o.why); err != nil {
		return err
	}
	done := map[string]string{"hold": "is held", "release": "is held no longer", "dispose": "is disposed of"}
	fmt.Fprintf(t.stdout, "%s %s\n", o.id, done[o.task])
	return nil
}

func (o recordingOrder) list(ctx context.Context, t terminal) error {
	list, err := operations.ListRecordings(ctx, o.socket, o.id)
	if err != nil {
		return err
	}
	if o.json {
		encoder := json.NewEncoder(t.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(list)
	}
	if len(list) == 0 {
		fmt.Fprintln(t.stdout, "there is no recording")
		return nil
	}
	table := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RECORDING\tCALL\tKIND\tSTARTED\tLENGTH\tSTATE\tKEPT UNTIL")
	for _, r := range list {
		until := r.KeepUntil.Format(time.DateOnly)
		if r.Hold != "" {
			until = "held: " + r.Hold
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Call, r.Kind, r.Started.Format(time.RFC3339), r.Length.Round(time.Second), r.State, until)
	}
	return table.Flush()
}

// export writes the sound to a file that nobody else may read, whole or not at all.
func (o recordingOrder) export(ctx context.Context, t terminal) error {
	file, err := os.OpenFile(o.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; name another file", o.out)
	}
	if err != nil {
		return err
	}
	err = errors.Join(operations.ExportRecording(ctx, o.socket, o.id, o.purpose, file), file.Sync(), file.Close())
	if err != nil {
		return errors.Join(err, os.Remove(o.out))
	}
	fmt.Fprintf(t.stdout, "%s is in %s, unsealed: it is protected health information from here on\n", o.id, o.out)
	return nil
}
