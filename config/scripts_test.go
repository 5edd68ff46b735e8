package config_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/config"
)

// TestScripts reads scripts against a copy of the demo, which takes long to load and
// is loaded once.
func TestScripts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	if err := os.CopyFS(dir, os.DirFS("demo")); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	scripts := settings.Scripts()
	files, err := scripts.Folder()
	if err != nil || len(files) == 0 {
		t.Fatalf("the folder's script is %v (%v)", files, err)
	}
	first, _, err := scripts.Load(files, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("the folder's is what was loaded", func(t *testing.T) {
		if got, want := first.Flows.Version(), settings.Content.Flows.Version(); got != want {
			t.Errorf("version %s, want %s", got, want)
		}
		if len(first.Prompts) != len(settings.Content.Prompts) || len(first.Music) != len(settings.Content.Music) {
			t.Errorf("%d prompts and %d pieces, want %d and %d", len(first.Prompts), len(first.Music), len(settings.Content.Prompts), len(settings.Content.Music))
		}
		for prompt, clip := range first.Prompts {
			if settings.Content.Prompts[prompt] != clip {
				t.Fatalf("%v was read twice", prompt)
			}
		}
	})
	t.Run("another text is another version, and reads no sound again", func(t *testing.T) {
		changed := maps.Clone(files)
		changed["flows/nurse-line.yaml"] = append([]byte("# changed\n"), files["flows/nurse-line.yaml"]...)
		second, _, err := scripts.Load(changed, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if first.Flows.Version() == second.Flows.Version() {
			t.Error("another text has the same version")
		}
		for prompt, clip := range first.Prompts {
			if second.Prompts[prompt] != clip {
				t.Fatalf("%v was read again, though its file is as it was", prompt)
			}
		}
	})
	for name, change := range wrongScripts() {
		t.Run("refused whole: "+name, func(t *testing.T) {
			broken := maps.Clone(files)
			want := change(broken)
			if _, _, err := scripts.Load(broken, time.Now()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
	t.Run("a new prompt is found", func(t *testing.T) { findsNewPrompts(t, dir, scripts, maps.Clone(files)) })
}

// wrongScripts break a script and say what is told of it.
func wrongScripts() map[string]func(map[string][]byte) string {
	return map[string]func(map[string][]byte) string{
		"a test that fails": func(files map[string][]byte) string {
			files["flows/nurse-line.yaml"] = []byte(strings.Replace(string(files["flows/nurse-line.yaml"]), "state: IL", "state: WI", 1))
			return `: test "a caller in Illinois" fails: state is "WI", and IL is expected`
		},
		"a flow's mistake": func(files map[string][]byte) string {
			files["flows/nurse-line.yaml"] = append(files["flows/nurse-line.yaml"], "\n  lost: {play: welcome, next: nowhere_at_all}\n"...)
			return `flows/nurse-line.yaml:`
		},
		"a flow that a line begins in is gone": func(files map[string][]byte) string {
			delete(files, "flows/member-services.yaml")
			return `goes to flow "member-services", which doesn't exist`
		},
		"nothing": func(files map[string][]byte) string {
			clear(files)
			return "flows: there is no such folder"
		},
	}
}

func findsNewPrompts(t *testing.T, dir string, scripts *config.Scripts, files map[string][]byte) {
	for name, raw := range files { // the tests expect it too
		files[name] = []byte(strings.ReplaceAll(string(raw), "nurse-red-flags", "red-flags-anew"))
	}
	if _, _, err := scripts.Load(files, time.Now()); err == nil || !strings.Contains(err.Error(), "red-flags-anew") {
		t.Fatalf("a prompt that isn't there: %v", err)
	}
	for _, language := range []string{"en-US", "es-US"} {
		folder := filepath.Join(dir, "prompts", language)
		raw, err := os.ReadFile(filepath.Join(folder, "nurse-red-flags.wav"))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, "red-flags-anew.wav"), raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := scripts.Load(files, time.Now()); err != nil {
		t.Fatal(err)
	}
}

func TestTheOverlayIsAFileSystem(t *testing.T) {
	files := config.Overlay(fstest.MapFS{"flows/old.yaml": {Data: []byte("old")}, "prompts/en-US/a.wav": {Data: []byte("sound")}},
		map[string][]byte{"flows/b.yaml": []byte("b"), "flows/a.yaml": []byte("a"), "calendars.yaml": []byte("c")})
	entries, err := fs.ReadDir(files, "flows")
	if err != nil || len(entries) != 2 || entries[0].Name() != "a.yaml" || entries[0].IsDir() {
		t.Errorf("flows has %v (%v)", entries, err)
	}
	for name, want := range map[string]string{"flows/b.yaml": "b", "calendars.yaml": "c", "prompts/en-US/a.wav": "sound"} {
		if raw, err := fs.ReadFile(files, name); err != nil || string(raw) != want {
			t.Errorf("%s has %q (%v)", name, raw, err)
		}
	}
	for _, name := range []string{"flows/old.yaml", "tests", "lookups.yaml"} {
		if _, err := fs.Stat(files, name); err == nil {
			t.Errorf("%s is there", name)
		}
	}
	if info, err := fs.Stat(files, "flows"); err != nil || !info.IsDir() {
		t.Errorf("flows is %v (%v)", info, err)
	}
}
