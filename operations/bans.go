package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"careline/sip/guard"
)

// Bans knows the sources that signalling doesn't hear; *sip.Server does.
type Bans interface {
	Bans() []guard.Ban
	Lift(address netip.Addr) int
}

// Ban is a ban as the control socket tells it.
type Ban struct {
	// Source is an address, an IPv6 network, or "others": those who found no place
	// in the table.
	Source string `json:"source"`
	// By is what it is for: "datagrams" or "connections".
	By      string    `json:"by"`
	Until   time.Time `json:"until"`
	Times   int       `json:"times"`
	Because string    `json:"because"`
}

// lifted is the answer to a lifting.
type lifted struct {
	Lifted int `json:"lifted"`
}

// BanCommands are what careline bans asks. audit writes down who lifts the ban of
// whom, before it is done; where that fails, it isn't done.
func BanCommands(bans Bans, audit func(ctx context.Context, operator, source string) error) []Command {
	return []Command{
		{Pattern: "GET /bans", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			list := []Ban{}
			for _, ban := range bans.Bans() {
				list = append(list, tellBan(ban))
			}
			tell(w, list)
		})},
		{Pattern: "DELETE /bans/{source}", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			source := r.PathValue("source")
			address, err := banned(source)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			if err := audit(r.Context(), Operator(r.Context()), source); err != nil {
				http.Error(w, "the audit can't be written, so nothing is lifted", http.StatusServiceUnavailable)
				return
			}
			tell(w, lifted{bans.Lift(address)})
		})},
	}
}

func tellBan(ban guard.Ban) Ban {
	by := "datagrams"
	if ban.Connected {
		by = "connections"
	}
	return Ban{Source: ban.Name(), By: by, Until: ban.Until.UTC().Truncate(time.Second), Times: ban.Times, Because: ban.Because.String()}
}

// banned reads a source as Ban has it, or any address within.
func banned(source string) (netip.Addr, error) {
	if source == guard.Others {
		return netip.Addr{}, nil
	}
	if prefix, err := netip.ParsePrefix(source); err == nil {
		return prefix.Addr(), nil
	}
	address, err := netip.ParseAddr(source)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%q is no address; write one as careline bans lists it, such as 192.0.2.7", source)
	}
	return address, nil
}

func tell(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // whoever asked is gone
}

// commandTimeout is how long a running server may take for a short command.
const commandTimeout = 10 * time.Second

// ListBans asks the server behind a control socket for its bans.
func ListBans(ctx context.Context, socket string) ([]Ban, error) {
	var list []Ban
	return list, command(ctx, socket, http.MethodGet, "/bans", &list)
}

// LiftBan lifts the bans of a source and returns how many there were.
func LiftBan(ctx context.Context, socket, source string) (int, error) {
	var done lifted
	err := command(ctx, socket, http.MethodDelete, "/bans/"+url.PathEscape(source), &done)
	return done.Lifted, err
}

func command(ctx context.Context, socket, method, path string, result any) error {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://careline"+path, nil)
	if err != nil {
		return err
	}
	response, err := ControlClient(socket).Do(request)
	if err != nil {
		return unanswered(socket, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		reason, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return fmt.Errorf("the server refused: %s", reason)
	}
	if err := json.NewDecoder(response.Body).Decode(result); err != nil {
		return fmt.Errorf("the server's answer can't be read: %w", err)
	}
	return nil
}

func unanswered(socket string, err error) error {
	return fmt.Errorf("no server answers at %s; is it running, and are you its user or root? (%w)", socket, errors.Unwrap(err))
}
