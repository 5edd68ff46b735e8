package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// load is SIPp with a scenario, on the second core.
type load struct{ target, scenario string }

// result is what came of one run.
type result struct {
	succeeded, failed, resent int
	rate                      float64 // calls a second over the whole run
	times                     []int   // ms from INVITE to 200, ascending
}

// clean reports whether the server kept up: no call failed, next to nothing was
// sent twice, and the rate was reached.
func (r result) clean(rate int) bool {
	return r.failed == 0 && r.resent*1000 <= r.succeeded && r.rate >= 0.9*float64(rate)
}

// percentile is a time in ms that so many percent of the calls kept.
func (r result) percentile(n int) int {
	if len(r.times) == 0 {
		return 0
	}
	return r.times[min(len(r.times)-1, len(r.times)*n/100)]
}

// run places calls at a rate.
func (l load) run(ctx context.Context, rate, calls int) (result, error) {
	dir, err := os.MkdirTemp("", "benchsip")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	scenario, err := filepath.Abs(l.scenario)
	if err != nil {
		return result{}, err
	}
	command := exec.CommandContext(ctx, "taskset", "-c", "1", "sipp", l.target, "-sf", scenario, "-s", "5550100",
		"-i", "127.0.0.1", "-mi", "127.0.0.1", "-r", strconv.Itoa(rate), "-m", strconv.Itoa(calls), "-l", strconv.Itoa(4*rate),
		"-nostdin", "-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_rtt", "-rtt_freq", "1000")
	command.Dir = dir
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) { // 1: some calls failed, which the figures say
		return result{}, fmt.Errorf("sipp: %w\n%s", err, tail(string(output)))
	}
	return read(dir)
}

func tail(text string) string { return text[max(0, len(text)-2000):] }

// read takes the figures out of SIPp's files.
func read(dir string) (result, error) {
	rows, err := table(filepath.Join(dir, "stat.csv"))
	if err != nil || len(rows) < 2 {
		return result{}, fmt.Errorf("sipp left no figures: %w", err)
	}
	last := map[string]string{}
	for i, name := range rows[0] {
		if i < len(rows[len(rows)-1]) {
			last[name] = rows[len(rows)-1][i]
		}
	}
	var r result
	for name, into := range map[string]*int{"SuccessfulCall(C)": &r.succeeded, "FailedCall(C)": &r.failed, "Retransmissions(C)": &r.resent} {
		if *into, err = strconv.Atoi(last[name]); err != nil {
			return result{}, fmt.Errorf("sipp's %s: %w", name, err)
		}
	}
	if r.rate, err = strconv.ParseFloat(last["CallRate(C)"], 64); err != nil {
		return result{}, fmt.Errorf("sipp's rate: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*rtt.csv"))
	if err != nil {
		return result{}, err
	}
	for _, file := range files {
		rows, err := table(file)
		if err != nil {
			return result{}, err
		}
		for _, row := range rows[min(1, len(rows)):] {
			if len(row) < 2 {
				continue
			}
			if took, err := strconv.ParseFloat(row[1], 64); err == nil {
				r.times = append(r.times, int(took))
			}
		}
	}
	slices.Sort(r.times)
	return r, nil
}

func table(file string) ([][]string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	reader := csv.NewReader(strings.NewReader(string(raw)))
	reader.Comma, reader.FieldsPerRecord, reader.LazyQuotes = ';', -1, true
	return reader.ReadAll()
}
