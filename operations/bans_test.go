package operations

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"careline/sip/guard"
)

// door has bans.
type door struct{ bans []guard.Ban }

func (d *door) Bans() []guard.Ban { return d.bans }

func (d *door) Lift(address netip.Addr) int {
	lifted := 0
	for i, ban := range d.bans {
		if ban.Source.Contains(address) || !address.IsValid() && !ban.Source.IsValid() {
			d.bans = append(d.bans[:i:i], d.bans[i+1:]...)
			lifted++
			break
		}
	}
	return lifted
}

func TestBansAreListedAndLifted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	until := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	banned := &door{bans: []guard.Ban{
		{Until: until, Times: 1, Because: guard.Flood},
		{Source: netip.MustParsePrefix("192.0.2.7/32"), Until: until, Times: 3, Because: guard.WrongPassword, Connected: true},
		{Source: netip.MustParsePrefix("2001:db8::/64"), Until: until, Times: 1, Because: guard.Probe},
	}}
	var audited []string
	writable := true
	s := controlled(t, path, BanCommands(banned, func(_ context.Context, operator, source string) error {
		if !writable {
			return errors.New("the disk is full")
		}
		audited = append(audited, operator+" "+source)
		return nil
	})...)
	run(t, s)
	list, err := ListBans(t.Context(), path)
	if err != nil || len(list) != 3 || list[0].Source != "others" || list[2].Source != "2001:db8::/64" {
		t.Fatalf("%+v, %v", list, err)
	}
	if want := (Ban{Source: "192.0.2.7", By: "connections", Until: until, Times: 3, Because: "wrong passwords"}); list[1] != want {
		t.Errorf("%+v", list[1])
	}
	writable = false
	if _, err := LiftBan(t.Context(), path, "192.0.2.7"); err == nil || len(banned.bans) != 3 {
		t.Errorf("lifted without a word in the audit: %v", err)
	}
	writable = true
	for _, ban := range list {
		if lifted, err := LiftBan(t.Context(), path, ban.Source); err != nil || lifted != 1 {
			t.Errorf("%s: %d, %v", ban.Source, lifted, err)
		}
	}
	if len(audited) != 3 || !strings.HasPrefix(audited[0], "os:") || !strings.HasSuffix(audited[1], " 192.0.2.7") {
		t.Errorf("audited %q", audited)
	}
	if lifted, err := LiftBan(t.Context(), path, "192.0.2.9"); err != nil || lifted != 0 {
		t.Errorf("who isn't banned: %d, %v", lifted, err)
	}
	if _, err := LiftBan(t.Context(), path, "somewhere"); err == nil || !strings.Contains(err.Error(), "is no address") {
		t.Errorf("no address: %v", err)
	}
	if _, err := ListBans(t.Context(), path+"x"); err == nil || !strings.Contains(err.Error(), "no server answers") {
		t.Errorf("no server: %v", err)
	}
}
