package ledger

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestScriptsAreKeptWithTheirTexts(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	first := ScriptFiles{"flows/main.yaml": []byte("flow: main\n"), "tests/main.yaml": []byte("flow: main\n")}
	second := ScriptFiles{"flows/main.yaml": []byte("flow: main # changed\n")}
	for i, one := range []struct {
		script Script
		files  ScriptFiles
	}{
		{Script{Author: "os:root", Origin: "folder", Version: "aaa", Folder: first.Digest()}, first},
		{Script{Author: "agent:maria", Origin: "page", Version: "bbb", Comment: "closed on Friday"}, second},
		{Script{Author: "os:root", Origin: "rollback", Source: 1, Version: "aaa"}, first},
	} {
		kept, err := l.SaveScript(t.Context(), one.script, one.files)
		if err != nil {
			t.Fatal(err)
		}
		if kept.Number != int64(i+1) || kept.Digest != one.files.Digest() || kept.Time.IsZero() {
			t.Errorf("kept as %+v", kept)
		}
	}
	closeOrFail(t, l)

	l = open(t, path) // what is kept outlives the process
	defer closeOrFail(t, l)
	newest, err := l.Scripts(t.Context(), 2)
	if err != nil || len(newest) != 2 || newest[0].Number != 3 || newest[0].Source != 1 || newest[1].Comment != "closed on Friday" {
		t.Fatalf("the newest are %+v (%v)", newest, err)
	}
	script, files, err := l.Script(t.Context(), 2)
	if err != nil || script.Version != "bbb" || !bytes.Equal(files["flows/main.yaml"], second["flows/main.yaml"]) || len(files) != 1 {
		t.Errorf("script 2 is %+v with %q (%v)", script, files, err)
	}
	if script, files, err = l.ScriptOf(t.Context(), "aaa"); err != nil || script.Number != 3 || len(files) != 2 {
		t.Errorf("version aaa is %+v with %q (%v)", script, files, err)
	}
	if _, _, err := l.Script(t.Context(), 4); !errors.Is(err, ErrNotFound) {
		t.Errorf("script 4: %v", err)
	}
	entries, err := l.Audit(t.Context(), "")
	if err != nil || len(entries) != 3 || entries[1].Kind != AuditPublish || entries[1].Actor != "agent:maria" || entries[1].Field != "flows bbb" {
		t.Errorf("audited are %+v (%v)", entries, err)
	}
}

func TestScriptsThatSayTooLittleOrTooMuchAreRefused(t *testing.T) {
	l := open(t, newPath(t))
	defer closeOrFail(t, l)
	good := Script{Author: "os:root", Origin: "folder", Version: "aaa"}
	files := ScriptFiles{"flows/main.yaml": []byte("flow: main\n")}
	for name, refused := range map[string]func() (Script, ScriptFiles){
		"no files":  func() (Script, ScriptFiles) { return good, nil },
		"no author": func() (Script, ScriptFiles) { s := good; s.Author = ""; return s, files },
		"a long comment": func() (Script, ScriptFiles) {
			s := good
			s.Comment = strings.Repeat("x", MaxComment+1)
			return s, files
		},
		"large files": func() (Script, ScriptFiles) {
			return good, ScriptFiles{"flows/main.yaml": make([]byte, MaxScript)}
		},
	} {
		script, files := refused()
		if _, err := l.SaveScript(t.Context(), script, files); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if scripts, err := l.Scripts(t.Context(), 10); err != nil || len(scripts) != 0 {
		t.Errorf("kept were %v (%v)", scripts, err)
	}
}

func TestScriptsCantBeChanged(t *testing.T) {
	l := open(t, newPath(t))
	defer closeOrFail(t, l)
	if _, err := l.SaveScript(t.Context(), Script{Author: "os:root", Origin: "folder", Version: "aaa"}, ScriptFiles{"flows/main.yaml": []byte("x")}); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"UPDATE scripts SET version = 'zzz'", "DELETE FROM scripts", "UPDATE script_files SET body = x'00'", "DELETE FROM script_files",
		"INSERT OR REPLACE INTO scripts SELECT * FROM scripts",
	} {
		if err := l.do(t.Context(), func(w *writer) error { return w.exec(statement) }); err == nil {
			t.Errorf("%s was carried out", statement)
		}
	}
}
