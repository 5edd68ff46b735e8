package sip

import (
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"careline/sip/trace"
)

func TestADialogsLinesAndTraceBearTheCallsID(t *testing.T) {
	core, lines := observer.New(zap.DebugLevel)
	recorder := trace.New(trace.Options{})
	d := &Dialog{id: "call-1@trunk", log: zap.New(core), server: &Server{options: Options{Trace: recorder}}}
	d.Name("call-1")
	d.end(Event{})
	if all := lines.All(); len(all) != 1 || all[0].ContextMap()["call"] != "call-1" {
		t.Errorf("logged %v", all)
	}
	if shown, found := recorder.Trace("call-1@trunk"); !found || shown.Call != "call-1" {
		t.Errorf("traced as %q", shown.Call)
	}
}
