package config

import (
	"strings"
	"testing"
)

const servesClaims = "    queues: [claims]\n    languages: [en-US]\n    extension: "

func TestExtensionsReachCalls(t *testing.T) {
	settings, err := withPedro(inMemory(t), servesClaims+"\"4021\"\n")
	if err != nil || settings.Content.Extensions["pedro"] != "4021" || len(settings.Content.Extensions) != 1 {
		t.Errorf("%v, %v", err, settings.Content.Extensions)
	}
}

func TestMistakesInExtensions(t *testing.T) {
	demo := inMemory(t)
	for written, want := range map[string]string{
		`"4021x"`:   `agents.yaml:9:16: "4021x" is no extension; write two to six digits in quotes, as "4021"`,
		`"7"`:       `"7" is no extension`,
		`"911"`:     `agents.yaml:9:16: 911 is a service that callers and agents may need`,
		`"988"`:     `988 is a service`,
		`"5550100"`: `"5550100" is no extension`,
	} {
		if _, err := withPedro(demo, servesClaims+written+"\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", written, err, want)
		}
	}
}

func TestAnExtensionMeansOneAgentAndNothingElse(t *testing.T) {
	demo := inMemory(t)
	const maria = "    languages: [en-US, es-US]\n    queues: [member_services"
	const james = "    queues: [member_services, claims, unverified]\n    skills: {benefits: 2"
	of := func(keys string) string { return "    extension: \"4021\"\n" + keys }
	for _, c := range []struct {
		edits []string
		files map[string]string
		want  string
	}{
		{[]string{"agents.yaml", maria, of(maria), "agents.yaml", james, of(james)}, nil, "agents.yaml:16:16: maria has extension 4021 already; give each agent one"},
		{[]string{"agents.yaml", maria, of(maria), "careline.yaml", `"5550111":`, `"4021":`}, nil, `agents.yaml:7:16: 4021 is the line "Nurse line", which would be reached instead`},
		{[]string{"agents.yaml", maria, of(maria)}, map[string]string{
			trunksFile: "trunks:\n  main: {targets: [\"udp://192.0.2.1:5060\"]}\n", dialplanFile: "allow:\n  - {numbers: \"4021\", trunks: [main]}\n",
		}, "agents.yaml:7:16: 4021 is a number that dialplan.yaml allows, and could not be dialed any more"},
	} {
		if err := changed(t, demo, c.edits, c.files).problems.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v\nwant %s", err, c.want)
		}
	}
}
