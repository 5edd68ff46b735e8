package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"careline/config"
	"careline/ledger"
)

// ledgerFlags say where the ledger is: a file, or what a config folder names.
type ledgerFlags struct{ config, path string }

func (l *ledgerFlags) add(flags *flag.FlagSet) {
	flags.StringVar(&l.config, "config", defaultConfig, "folder whose ledger is meant")
	flags.StringVar(&l.path, "ledger", "", "the ledger's file")
}

// open also gives the log that the configuration names, "" where it isn't read.
func (l ledgerFlags) open() (kept *ledger.Ledger, log string, err error) {
	path := l.path
	if path == "" {
		settings, err := config.Load(l.config)
		if err != nil {
			return nil, "", fmt.Errorf("%w\nname the file with --ledger to go without the configuration", err)
		}
		path, log = settings.Ledger.Path, settings.Log.File
	}
	kept, err = ledger.OpenReadOnly(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("there is no ledger at %s yet: it comes with the first run; another folder's is found from there, or named with --ledger", path)
	}
	return kept, log, err
}

// which call is meant: the one named, or the newest.
func which(ctx context.Context, kept *ledger.Ledger, positional []string) (ledger.CallRecord, error) {
	if len(positional) > 0 && positional[0] != "last" {
		record, err := kept.Call(ctx, positional[0])
		if errors.Is(err, ledger.ErrNotFound) {
			return record, fmt.Errorf("there is no call %s in the ledger", positional[0])
		}
		return record, err
	}
	newest, err := kept.Calls(ctx, 1)
	if err != nil {
		return ledger.CallRecord{}, err
	}
	if len(newest) == 0 {
		return ledger.CallRecord{}, errors.New("the ledger holds no call yet")
	}
	return newest[0], nil
}

// recordCommand is careline record.
func recordCommand(ctx context.Context, t terminal, args []string) int {
	var where ledgerFlags
	flags := flag.NewFlagSet("record", flag.ContinueOnError)
	where.add(flags)
	asJSON := flags.Bool("json", false, "print as JSON")
	positional, err := t.parse(flags, args)
	if err == nil && len(positional) > 1 {
		err = t.misused("record", "name one call")
	}
	if err != nil {
		return exitMisused
	}
	kept, _, err := where.open()
	if err != nil {
		return t.fail(err)
	}
	defer kept.Close()
	record, err := which(ctx, kept, positional)
	if err != nil {
		return t.fail(err)
	}
	if *asJSON {
		encoder := json.NewEncoder(t.stdout)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(record)
	} else {
		err = printRecord(t.stdout, record)
	}
	if err != nil {
		return t.fail(err)
	}
	return exitOK
}

// printRecord prints a record for a person, one fact a line.
func printRecord(w io.Writer, r ledger.CallRecord) error {
	var text strings.Builder
	line := func(name, format string, args ...any) {
		if value := strings.TrimSpace(fmt.Sprintf(format, args...)); value != "" {
			fmt.Fprintf(&text, "  %-13s %s\n", name, value)
		}
	}
	fmt.Fprintf(&text, "Call %s\n", r.ID)
	line("line", "%s, flow %s %s", r.Line, r.Flow, r.FlowVersion)
	line("tried by", "%s", r.TriedBy)
	line("started", "%s", clock(r.Started))
	if !r.Answered.IsZero() {
		line("answered", "%s, after %s", clock(r.Answered), span(r.Started, r.Answered))
	}
	if r.Ended.IsZero() {
		line("ended", "not yet")
	} else {
		line("ended", "%s, by %s after %s: %s", clock(r.Ended), r.EndedBy, span(r.Started, r.Ended), r.Why)
	}
	if r.SIPStatus != 0 {
		line("SIP status", "%d", r.SIPStatus)
	}
	if r.Q850Cause != 0 {
		line("Q.850 cause", "%d", r.Q850Cause)
	}
	line("language", "%s", r.Language)
	line("reason", "%s", r.Reason)
	line("state", "%s", r.State)
	line("caller", "%s %s", verified(r.Verification, r.VerifiedAs), r.MemberToken)
	if r.Signature != "" {
		line("signature", "%s", r.Signature)
	}
	line("keys pressed", "%d", r.DigitCount)
	line("way", "%s", strings.Join(r.Path, " → "))
	line("disposition", "%s", r.Disposition)
	if !r.Ended.IsZero() { // they are counted at the end
		line("packets", "%d received, %d sent, %d lost", r.Media.PacketsReceived, r.Media.PacketsSent, r.Media.PacketsLost)
	}
	for _, leg := range r.Sound {
		name := "sound, " + string(leg.Leg)
		line(name, "%s, %s", strings.TrimSpace(leg.Agent+" "+leg.Codec), tripOf(leg))
		line("  received", "%s", wayOf(leg.Received))
		line("  sent", "%s", wayOf(leg.Sent))
	}
	for _, segment := range r.Segments {
		length := "goes on"
		if !segment.End.IsZero() {
			length = span(segment.Start, segment.End)
		}
		line("· "+strings.ReplaceAll(string(segment.Kind), "_", " "), "%s  %-9s %s",
			segment.Start.UTC().Format("15:04:05.000"), length,
			strings.Join(strings.Fields(segment.Queue+" "+segment.Agent+" "+strings.ReplaceAll(segment.Outcome, "_", " ")), " "))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// verified says how far the caller's identity is established.
func verified(outcome, as string) string {
	if as != "" {
		outcome += ", " + as
	}
	if outcome == "" || outcome == "none" {
		return "not asked who they are"
	}
	return strings.ReplaceAll(outcome, "_", " ")
}

func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05.000 UTC") }

func span(from, to time.Time) string { return to.Sub(from).Round(time.Millisecond).String() }

// auditCommand is careline audit.
func auditCommand(ctx context.Context, t terminal, args []string) int {
	var where ledgerFlags
	flags := flag.NewFlagSet("audit", flag.ContinueOnError)
	where.add(flags)
	verify := flags.Bool("verify", false, "verify the chain")
	named := flags.String("log", "", "log whose noted hashes are compared")
	positional, err := t.parse(flags, args)
	if err == nil && (len(positional) > 1 || *verify && len(positional) > 0) {
		err = t.misused("audit", "name one call, or --verify all")
	}
	if err == nil && *named != "" && !*verify {
		err = t.misused("audit", "--log goes with --verify")
	}
	if err != nil {
		return exitMisused
	}
	kept, log, err := where.open()
	if err != nil {
		return t.fail(err)
	}
	defer kept.Close()
	if *verify {
		if err := verifyAudit(ctx, t, kept, *named, log); err != nil {
			return t.fail(err)
		}
		return exitOK
	}
	record, err := which(ctx, kept, positional)
	if err != nil {
		return t.fail(err)
	}
	entries, err := kept.Audit(ctx, record.ID)
	if err != nil {
		return t.fail(err)
	}
	fmt.Fprintf(t.stdout, "Call %s, entries in the audit: %d\n", record.ID, len(entries))
	for _, e := range entries {
		what := strings.Fields(strings.Join([]string{string(e.Kind), e.Outcome, e.Field, e.Purpose, e.Subject}, " "))
		fmt.Fprintf(t.stdout, "  %5d  %s  %-18s %s\n", e.Sequence, clock(e.Time), e.Actor, strings.Join(what, " "))
	}
	return exitOK
}

// verifyAudit verifies the chain, and the heads noted in the log: the one named,
// or the configuration's if it is there.
func verifyAudit(ctx context.Context, t terminal, kept *ledger.Ledger, named, configured string) error {
	entries, err := kept.VerifyAudit(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.stdout, "the chain of %d entries is unbroken\n", entries)
	path, log := cmp.Or(named, configured), t.stdin
	if path == "" {
		return nil
	}
	if path != "-" {
		file, err := os.Open(path)
		if named == "" && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the log: %w", err)
		}
		defer file.Close()
		log = file
	}
	heads, err := kept.VerifyHeads(ctx, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.stdout, "hashes of it noted in %s: %d, all as they are in the chain\n", path, heads)
	return nil
}

// tripOf says how far away a leg's far end is.
func tripOf(leg ledger.LegSound) string {
	if leg.MaxRoundTripMS == 0 {
		return "round trip not known (no reports)"
	}
	return fmt.Sprintf("round trip %d ms, at most %d", leg.RoundTripMS, leg.MaxRoundTripMS)
}

// wayOf says how one direction of a leg sounded.
func wayOf(way ledger.SoundWay) string {
	text := fmt.Sprintf("%d packets", way.Packets)
	if way.MOS > 0 {
		text += fmt.Sprintf(", %d lost, %d late, jitter %d ms, at most %d; MOS %.2f, at worst %.2f",
			way.Lost, way.Late, way.JitterMS, way.MaxJitterMS, way.MOS, way.WorstMOS)
	}
	if way.OneWaySeconds > 0 {
		text += fmt.Sprintf("; not heard for %.0f s", way.OneWaySeconds)
	}
	return text
}
