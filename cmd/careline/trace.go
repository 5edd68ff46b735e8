package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"careline/config"
	"careline/ledger"
	"careline/operations"
	"careline/sip/trace"
)

// traceEntry is careline trace in the list of commands.
func traceEntry() command {
	return command{
		name:      "trace",
		arguments: "[--config DIR] [--messages] [--svg FILE] [--pcap FILE [--reason TEXT] [--for TIME]] [--number] [ID | last]",
		summary:   "draw a call's signalling, or capture it",
		details: `
Draws the SIP messages of a call as a ladder: one that is up, one of the last
minutes from the running server's memory, or an older one from the ledger. Numbers,
names, keys and passwords are masked; the same letter is the same number.
--messages prints the messages too, --svg writes the drawing to a file.

--pcap writes a file for Wireshark, masked as well. With --reason it shows numbers
and names, if the call is still in the server's memory: who asked, when and why goes
into the audit first. Keys pressed, SRTP keys and credentials are never shown.
--for goes on capturing as the call goes on, for that long: an hour at most.
--number captures the calls from or to one number instead, which is read from
standard input so that it stands in no list of processes and no shell history.`,
		examples: []string{
			"trace last", "trace --messages 019abc12-3456-7000-8000-000000000000", "trace --pcap call.pcap last",
			`trace --pcap call.pcap --reason "one-way sound, ticket A" last`,
			`trace --number --for 5m --pcap calls.pcap --reason "carrier rejects calls"`,
		},
		run: traceCommand,
	}
}

// traceFlags are what careline trace is asked.
type traceFlags struct {
	config, svg, pcap, reason string
	messages, number          bool
	length                    time.Duration
	call                      string
}

func (f *traceFlags) read(t terminal, args []string) error {
	flags := flag.NewFlagSet("trace", flag.ContinueOnError)
	flags.StringVar(&f.config, "config", defaultConfig, "folder of the server's configuration")
	flags.BoolVar(&f.messages, "messages", false, "print the messages")
	flags.StringVar(&f.svg, "svg", "", "file for the drawing")
	flags.StringVar(&f.pcap, "pcap", "", "file for Wireshark")
	flags.StringVar(&f.reason, "reason", "", "why numbers are to be shown")
	flags.DurationVar(&f.length, "for", 0, "how long to go on")
	flags.BoolVar(&f.number, "number", false, "capture the number on standard input")
	positional, err := t.parse(flags, args)
	if err != nil {
		return err
	}
	f.call = "last"
	if len(positional) > 0 {
		f.call = positional[0]
	}
	revealing := f.reason != "" || f.number || f.length != 0
	switch {
	case len(positional) > 1 || f.number && len(positional) > 0:
		return t.misused("trace", "name one call")
	case revealing && f.pcap == "":
		return t.misused("trace", "--reason, --for and --number are about a capture; name its file with --pcap")
	case revealing && f.reason == "":
		return t.misused("trace", "a capture shows numbers; say why with --reason")
	case f.length < 0 || f.length > trace.MaxCaptureTime:
		return t.misused("trace", fmt.Sprintf("--for is from 1s to %s", trace.MaxCaptureTime))
	case revealing && (f.messages || f.svg != ""):
		return t.misused("trace", "--messages and --svg are masked; leave them away, or --reason")
	}
	return nil
}

// traceCommand is careline trace.
func traceCommand(ctx context.Context, t terminal, args []string) int {
	var asked traceFlags
	if asked.read(t, args) != nil {
		return exitMisused
	}
	settings, err := config.Load(asked.config)
	if err != nil {
		return t.fail(err)
	}
	if asked.reason != "" {
		err = captureCalls(ctx, t, settings, asked)
	} else {
		err = showCall(ctx, t, settings, asked)
	}
	if err != nil {
		return t.fail(err)
	}
	return exitOK
}

// showCall draws what is masked.
func showCall(ctx context.Context, t terminal, settings *config.Config, asked traceFlags) error {
	shown, err := findTrace(ctx, settings, asked.call)
	if err != nil {
		return err
	}
	if asked.svg != "" {
		return toFile(asked.svg, func(w io.Writer) error { return trace.SVG(w, shown) })
	}
	if asked.pcap != "" {
		return toFile(asked.pcap, func(w io.Writer) error {
			file, err := trace.NewPcap(w)
			for _, frame := range shown.Frames() {
				if err == nil {
					err = file.Write(frame)
				}
			}
			return err
		})
	}
	if err := trace.Ladder(t.stdout, shown); err != nil || !asked.messages {
		return err
	}
	fmt.Fprintln(t.stdout)
	return trace.Messages(t.stdout, shown)
}

// findTrace asks the running server; where none runs, the ledger.
func findTrace(ctx context.Context, settings *config.Config, call string) (trace.Trace, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://careline/traces/"+url.PathEscape(call), nil)
	if err != nil {
		return trace.Trace{}, err
	}
	response, err := askServer(settings, request)
	if notRunning(err) {
		return storedTrace(ctx, settings, call)
	}
	if err != nil {
		return trace.Trace{}, err
	}
	defer response.Body.Close()
	var shown trace.Trace
	if err := json.NewDecoder(response.Body).Decode(&shown); err != nil {
		return trace.Trace{}, fmt.Errorf("the server's answer: %w", err)
	}
	return shown, nil
}

func storedTrace(ctx context.Context, settings *config.Config, call string) (trace.Trace, error) {
	kept, err := ledger.OpenReadOnly(settings.Ledger.Path)
	if err != nil {
		return trace.Trace{}, fmt.Errorf("no server listens at %s, and %w", settings.Control, err)
	}
	defer kept.Close()
	packed, err := kept.Trace(ctx, call)
	if err != nil {
		return trace.Trace{}, err
	}
	return trace.Unpack(packed)
}

// askServer sends a request through the control socket; an answer that isn't 200
// is the error that it says.
func askServer(settings *config.Config, request *http.Request) (*http.Response, error) {
	response, err := operations.ControlClient(settings.Control).Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		said, _ := io.ReadAll(io.LimitReader(response.Body, 4096)) // the status says enough
		return nil, errors.New(strings.TrimSpace(fmt.Sprintf("the server refused (%d): %s", response.StatusCode, said)))
	}
	return response, nil
}

func notRunning(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}

// captureCalls writes a capture as it comes.
func captureCalls(ctx context.Context, t terminal, settings *config.Config, asked traceFlags) error {
	wanted := operations.CaptureRequest{Call: asked.call, Reason: asked.reason, For: asked.length}
	if asked.number {
		line, err := bufio.NewReader(io.LimitReader(t.stdin, 128)).ReadString('\n')
		if wanted.Call, wanted.Number = "", strings.TrimSpace(line); wanted.Number == "" {
			return fmt.Errorf("no number came on standard input: %w", err)
		}
	}
	body, err := json.Marshal(wanted)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://careline/captures", bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := askServer(settings, request)
	if notRunning(err) {
		return fmt.Errorf("no server listens at %s; numbers are in a running server's memory alone", settings.Control)
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if asked.length > 0 || asked.number {
		fmt.Fprintf(t.stdout, "Capturing into %s; Ctrl-C ends it, and keeps what is there.\n", asked.pcap)
	}
	return toFile(asked.pcap, func(w io.Writer) error {
		_, err := io.Copy(w, response.Body)
		return err
	})
}

// toFile writes a file that its owner alone may read, and none over another.
func toFile(path string, write func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; name another file", path)
	}
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
