package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"careline/call"
)

// transferring is a folder whose agents may transfer; so is what sip holds besides.
func transferring(t *testing.T, dir, more string) *Config {
	t.Helper()
	site := filepath.Join(dir, "careline.yaml")
	raw, err := os.ReadFile(site)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(raw), "  max_calls: 400\n", "  max_calls: 400\n  transfers: true\n"+more, 1)
	if err := os.WriteFile(site, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := LoadAt(dir, autumn())
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

func TestTransfersAreOffUnlessAsked(t *testing.T) {
	settings, err := LoadAt("demo", autumn())
	if err != nil || settings.Transfers || settings.SIP.Transfers || settings.TransferRing != call.DefaultTransferRing {
		t.Errorf("%v, transfers %v, ring %s", err, settings.Transfers, settings.TransferRing)
	}
}

func TestTransfersThatCannotBeMade(t *testing.T) {
	settings := transferring(t, copied(t), "")
	if w := settings.Warnings; !settings.SIP.Transfers || len(w) != 1 || !strings.Contains(w[0].Error(), "careline.yaml:11:14: agents may transfer callers to colleagues and to the lines here alone") {
		t.Errorf("without a dial plan: %v", w)
	}
	settings = transferring(t, trunked(t), "  transfer_ring: 30s\n")
	if len(settings.Warnings) != 0 || settings.TransferRing != 30*time.Second || !settings.Transfers {
		t.Errorf("with one: %v, ring %s", settings.Warnings, settings.TransferRing)
	}
	settings = transferring(t, trunked(t, trunksFile, "192.0.2.0/28", "127.0.0.0/8"), "")
	if w := settings.Warnings; len(w) != 1 || !strings.Contains(w[0].Error(), "desk phones can't call anybody before a transfer") {
		t.Errorf("where all are trunks: %v", w)
	}
}
