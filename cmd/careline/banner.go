package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"careline/acd"
	"careline/config"
	"careline/desk"
	"careline/sip"
)

// addresses are where the server is reached, as bound.
type addresses struct {
	sip                      []sip.Listen
	desk, webRTC, operations netip.AddrPort
}

// banner tells a person what to do next.
func banner(w io.Writer, program string, settings *config.Config, at addresses) error {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(&b, "\nCareline is up: %s\n\n", settings.Site.Name)
	trunk := at.dialed()
	numbers := slices.Sorted(maps.Keys(settings.Content.Lines))
	for i, number := range numbers {
		name := ""
		if i == 0 {
			name = "Call"
		}
		row(name, "%-32s %s", callable(number, trunk), settings.Content.Lines[number].Name)
	}
	row("Softphone", "http://%s/", browsable(at.desk))
	row("Health", "http://%s/readyz, /healthz, /metrics", browsable(at.operations))
	if settings.Demo.SignIns {
		signIns(&b, settings, trunk)
	}
	if len(numbers) > 0 {
		fmt.Fprintf(&b, "\n  Place a call, from another terminal:\n\n    %s dial %s%s\n", program, demoScript(settings), callable(numbers[0], trunk))
		fmt.Fprintf(&b, "    %s record %slast\n", program, otherConfig(settings))
	}
	fmt.Fprintf(&b, "\n  Ctrl-C takes no new calls, waits up to %s for those that are up, and ends.\n\n", settings.Drain)
	_, err := io.WriteString(w, b.String())
	return err
}

// signIns is the table of the demo's agents, and of their desk phones.
func signIns(w io.Writer, settings *config.Config, registrar netip.AddrPort) {
	fmt.Fprintf(w, "\n  Sign in at the softphone as one of these:\n\n    %-8s %-15s %-20s %s\n", "user", "password", "name", "serves")
	roles := map[acd.AgentID]desk.Role{}
	for _, user := range settings.Desk.Users {
		roles[user.Agent] = user.Role
	}
	for _, agent := range settings.Content.Rules.Agents {
		serves := fmt.Sprintf("%s (%s)", strings.Join(agent.Queues, ", "), strings.Join(agent.Languages, ", "))
		switch {
		case roles[agent.ID] == desk.RoleSupervisor && len(agent.Queues) == 0:
			serves = "nobody; sees all calls"
		case roles[agent.ID] == desk.RoleSupervisor:
			serves += "; sees all calls"
		}
		fmt.Fprintf(w, "    %-8s %-15s %-20s %s\n", agent.ID, cmp.Or(settings.Demo.Password, "(its own)"), agent.Name, serves)
	}
	for _, agent := range slices.Sorted(maps.Keys(settings.Content.Phones)) {
		fmt.Fprintf(w, "    A SIP phone that registers as %s takes %s's calls; its password is the same.\n",
			callable(settings.Content.Phones[agent], registrar), agent)
	}
}

// demoScript is the built-in caller, who is a member of the demo's directory.
func demoScript(settings *config.Config) string {
	if settings.Demo.SignIns {
		return "--as member "
	}
	return ""
}

// otherConfig names the folder to commands that would take the demo's.
func otherConfig(settings *config.Config) string {
	if settings.Dir == defaultConfig {
		return ""
	}
	return "--config " + settings.Dir + " "
}

// dialed is the address that callers use: UDP's if there is one.
func (a addresses) dialed() netip.AddrPort {
	for _, listen := range a.sip {
		if listen.Network == "udp" {
			return listen.Address
		}
	}
	if len(a.sip) > 0 {
		return a.sip[0].Address
	}
	return netip.AddrPort{}
}

func callable(number string, trunk netip.AddrPort) string {
	return "sip:" + number + "@" + browsable(trunk)
}

// browsable is an address that can be typed in: "every address" can't be.
func browsable(address netip.AddrPort) string {
	if address.Addr().IsUnspecified() {
		return net.JoinHostPort("localhost", strconv.Itoa(int(address.Port())))
	}
	return address.String()
}
