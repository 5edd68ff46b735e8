package sip

import (
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestADialogsLinesBearTheCallsID(t *testing.T) {
	core, lines := observer.New(zap.DebugLevel)
	d := &Dialog{log: zap.New(core)}
	d.Name("call-1")
	d.end(Event{})
	if all := lines.All(); len(all) != 1 || all[0].ContextMap()["call"] != "call-1" {
		t.Errorf("logged %v", all)
	}
}
