package config

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"careline/desk"
)

const pedrosHash = "$argon2id$v=19$m=65536,t=3,p=4$4S2eb8jcavMZPUX1GU3gPg$CK3NRoYRR/O1hv+7JpQE3AhkJOUq1eMIqVwFIZjisaY"

// withPedro is the demo with one more in agents.yaml.
func withPedro(demo fstest.MapFS, keys string) (*Config, error) {
	files := maps.Clone(demo)
	text := strings.Replace(string(demo["agents.yaml"].Data), "agents:\n", "agents:\n  pedro:\n    name: Pedro Alves\n    password: "+pedrosHash+"\n"+keys, 1)
	files["agents.yaml"] = &fstest.MapFile{Data: []byte(text)}
	r := &reader{files: files, raw: map[string][]byte{}}
	settings := r.load(autumn())
	return settings, r.problems.Err()
}

func TestASupervisorNeedsNoQueueAndIsAUserOfThatRole(t *testing.T) {
	demo := inMemory(t)
	for keys, want := range map[string]desk.Role{
		"    role: supervisor\n": desk.RoleSupervisor,
		"    role: supervisor\n    queues: [claims]\n    languages: [en-US]\n": desk.RoleSupervisor,
		"    role: agent\n    queues: [claims]\n    languages: [en-US]\n":      desk.RoleAgent,
		"    queues: [claims]\n    languages: [en-US]\n":                       desk.RoleAgent,
	} {
		settings, err := withPedro(demo, keys)
		if err != nil {
			t.Fatalf("%s: %v", keys, err)
		}
		at := slices.IndexFunc(settings.Desk.Users, func(u desk.User) bool { return u.Name == "pedro" })
		if at < 0 || settings.Desk.Users[at].Role != want || settings.Desk.Users[at].FullName != "Pedro Alves" {
			t.Errorf("%s: %+v", keys, settings.Desk.Users)
		}
	}
}

func TestMistakesInRoles(t *testing.T) {
	demo := inMemory(t)
	for keys, want := range map[string]string{
		"    role: supervisr\n    queues: [claims]\n    languages: [en-US]\n": `agents.yaml:7:11: "supervisr" is not a role; did you mean "supervisor"?`,
		"    role: queen\n    queues: [claims]\n    languages: [en-US]\n":     `agents.yaml:7:11: "queen" is not a role; there is agent, supervisor`,
		"    role: agent\n": `agents.yaml:4:3: agent "pedro" serves no queue and would never get a call`,
		"    role: supervisor\n    extension: \"4021\"\n": `agents.yaml:8:16: pedro serves no queue, so no caller can be transferred there`,
		"    role: supervisor\n    queues: [claims]\n":    `agents.yaml:4:3: agent "pedro" speaks no language`,
	} {
		if _, err := withPedro(demo, keys); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", keys, err, want)
		}
	}
}
