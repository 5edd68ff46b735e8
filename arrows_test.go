// Package careline_test holds what the whole tree must keep: the arrows between
// the rooms, and the habits of the code.
package careline_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows says which rooms each room may import: the design's table, with the
// rooms that came later (docs/decisions). A folder that isn't here is no room.
func arrows() map[string][]string {
	return map[string][]string{
		"problem":    {},
		"phi":        {},
		"media":      {},
		"acd":        {},
		"ivr":        {"phi", "problem"},
		"lookup":     {"phi"},
		"sip":        {"media"},
		"member":     {"phi", "problem"},
		"ledger":     {"phi"},
		"call":       {"sip", "media", "ivr", "acd", "member", "ledger", "lookup", "phi"},
		"desk":       {"call", "acd", "ledger", "phi", "ivr", "problem", "publish"},
		"config":     {"acd", "ivr", "media", "member", "sip", "ledger", "desk", "call", "lookup", "problem", "phi", "prompts", "publish"},
		"operations": {"call", "media", "sip", "acd", "ledger", "lookup", "problem", "publish"},
		"dial":       {"media"},
		"prompts":    {"media", "problem"},
		"publish":    {"ledger", "problem"},
		"cmd": {"acd", "call", "config", "desk", "dial", "ivr", "ledger", "lookup", "media", "member",
			"operations", "phi", "problem", "prompts", "publish", "sip"},
		// Tests drive the built binary from outside; they may listen with our ears.
		// e2e/signalling plays against a server of its own, by sip's door.
		"e2e": {"media", "dial", "ledger", "sip"},
	}
}

type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var one listed
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
}

// room is the folder at the top that a package of ours lives in; "" if it isn't
// ours or is the top itself.
func room(path string) string {
	rest, ours := strings.CutPrefix(path, "careline/")
	if !ours {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func TestRoomsImportOnlyWhomTheyMay(t *testing.T) {
	for _, one := range packages(t) {
		for _, p := range strayed(one, arrows()) {
			t.Error(p)
		}
	}
}

// strayed says what of a package's imports no arrow allows.
func strayed(one listed, table map[string][]string) []string {
	from := room(one.ImportPath)
	if from == "" {
		return nil
	}
	allowed, known := table[from]
	if !known {
		return []string{one.ImportPath + " is in no room: give it one, or add the room to the table with a page under docs/decisions"}
	}
	var found []string
	for _, imported := range one.Imports {
		to := room(imported)
		if to == "" || to == from || slices.Contains(allowed, to) {
			continue
		}
		found = append(found, one.ImportPath+" imports "+imported+", which "+from+" may not know")
	}
	return found
}

func TestAnArrowAgainstTheTableIsFound(t *testing.T) {
	cases := []struct {
		name string
		one  listed
		want int
	}{
		{"allowed", listed{ImportPath: "careline/call", Imports: []string{"careline/acd", "time"}}, 0},
		{"within the room", listed{ImportPath: "careline/media/signal", Imports: []string{"careline/media"}}, 0},
		{"forbidden", listed{ImportPath: "careline/acd", Imports: []string{"careline/call", "careline/phi"}}, 2},
		{"no room", listed{ImportPath: "careline/util", Imports: nil}, 1},
		{"the top", listed{ImportPath: "careline", Imports: []string{"careline/call"}}, 0},
	}
	for _, c := range cases {
		if got := strayed(c.one, arrows()); len(got) != c.want {
			t.Errorf("%s: %d found, want %d: %v", c.name, len(got), c.want, got)
		}
	}
}

func TestTheTableHasNoCircle(t *testing.T) {
	table := arrows()
	var visit func(room string, path []string)
	visit = func(room string, path []string) {
		if slices.Contains(path, room) {
			t.Fatalf("the rooms know each other in a circle: %s", strings.Join(append(path, room), " → "))
		}
		for _, next := range table[room] {
			visit(next, append(slices.Clone(path), room))
		}
	}
	for room := range table {
		visit(room, nil)
	}
}
