package main

import (
	"context"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/call"
	"careline/call/insight"
	"careline/config"
	"careline/desk"
	"careline/media"
	"careline/publish"
)

// scriptSource reads scripts for the publisher, and makes calls begin with them.
type scriptSource struct {
	scripts *config.Scripts
	center  *call.Center
	log     *zap.Logger
	// known are clips that are prepared, or are being prepared since the start.
	known map[*media.Clip]bool
}

func newScriptSource(settings *config.Config, scripts *config.Scripts, center *call.Center, log *zap.Logger) *scriptSource {
	s := &scriptSource{scripts: scripts, center: center, log: log, known: map[*media.Clip]bool{}}
	for _, clip := range settings.Media.Clips {
		s.known[clip] = true
	}
	return s
}

func (s *scriptSource) Folder() (map[string][]byte, error) { return s.scripts.Folder() }

// Read checks files. What a new prompt costs to encode is spent before it is live, in
// the publisher's time and not in a call's.
func (s *scriptSource) Read(ctx context.Context, files map[string][]byte) (publish.Candidate, error) {
	script, warnings, err := s.scripts.Load(files, time.Now())
	if err != nil {
		return publish.Candidate{}, err
	}
	if err := s.center.Accepts(script); err != nil {
		return publish.Candidate{}, err
	}
	for _, clip := range script.Prompts {
		if clip != nil && !s.known[clip] {
			clip.Prepare(ctx)
		}
	}
	return publish.Candidate{Version: script.Flows.Version(), Warnings: warnings, Live: func() {
		if err := s.center.Publish(script); err != nil {
			s.log.Error("a script that was accepted is refused", zap.Error(err)) // lines don't change
		}
	}}, nil
}

// flowPage is what the desk's page of flows works on.
type flowPage struct {
	*publish.Publisher
	scripts *config.Scripts
	center  *call.Center
}

func (p flowPage) Insight() insight.Figures { return p.center.Insight() }

// Call calls a draft. A flow may be called while its tests fail, not while it has
// mistakes.
func (p flowPage) Call(ctx context.Context, by acd.AgentID, files map[string][]byte, flow, offer string) (id, answer string, err error) {
	read := p.scripts.Draft(files, time.Now())
	return p.center.Try(ctx, call.Trial{By: by, Script: read.Script, Flow: flow, Offer: offer})
}

func (p flowPage) CallState(by acd.AgentID, id string) (call.TrialState, error) {
	return p.center.TrialState(by, id)
}

func (p flowPage) EndCall(by acd.AgentID, id string) error { return p.center.EndTrial(by, id) }

func (p flowPage) Draft(_ context.Context, files map[string][]byte) (desk.Draft, error) {
	read := p.scripts.Draft(files, time.Now())
	draft := desk.Draft{Flows: read.Script.Flows, Words: read.Testing.Options.Words, Begins: read.Begins, Problems: read.Problems, Warnings: read.Warnings}
	if read.Results != nil {
		draft.Tests = len(read.Results.Tests)
	}
	return draft, nil
}
