package seal_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"careline/phi/seal"
)

const name = "recording 01a2"

// sealed writes what is in the parts, each by a Write of its own.
func sealed(t interface{ Fatal(...any) }, key []byte, parts [][]byte) []byte {
	var file bytes.Buffer
	w, err := seal.NewWriter(&file, key, name)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		if n, err := w.Write(part); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func open(file, key []byte) (*seal.Reader, error) {
	return seal.NewReader(bytes.NewReader(file), int64(len(file)), key, name)
}

// read reads a file whole.
func read(file, key []byte) (text []byte, whole bool, err error) {
	r, err := open(file, key)
	if err != nil {
		return nil, false, err
	}
	text, err = io.ReadAll(r)
	return text, r.Whole(), err
}

func drawParts(t *rapid.T) [][]byte {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []byte {
		size := rapid.SampledFrom([]int{0, 1, 17, 300, 6000, seal.MaxPiece, seal.MaxPiece + 1}).Draw(t, "size")
		return bytes.Repeat([]byte{byte(size), rapid.Byte().Draw(t, "byte")}, size/2+1)[:size]
	}), 0, 6).Draw(t, "parts")
}

func TestWhatIsSealedIsReadFromAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, parts := seal.NewKey(), drawParts(t)
		file, want := sealed(t, key, parts), bytes.Join(parts, nil)
		r, err := open(file, key)
		if err != nil || !r.Whole() || r.Size() != int64(len(want)) {
			t.Fatalf("%v, %v", r, err)
		}
		for range 5 {
			at := rapid.Int64Range(0, int64(len(want))).Draw(t, "at")
			if to, err := r.Seek(at, io.SeekStart); to != at || err != nil {
				t.Fatal(to, err)
			}
			got := make([]byte, rapid.IntRange(0, len(want)-int(at)).Draw(t, "length"))
			if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want[at:int(at)+len(got)]) {
				t.Fatalf("from %d: %v", at, err)
			}
		}
		if to, err := r.Seek(-int64(len(want)), io.SeekEnd); to != 0 || err != nil {
			t.Fatal(to, err)
		}
		if _, err := r.Seek(-1, io.SeekStart); err == nil {
			t.Fatal("seeks before the beginning")
		}
		for _, part := range parts { // nothing of it stands in the file
			if len(part) > 16 && bytes.Contains(file, part[:16]) {
				t.Fatal("it isn't sealed")
			}
		}
	})
}

// Whatever is done to a file, what is read of it is what was sealed, or an error, or
// the beginning of it in a file that is known to be cut.
func TestEveryChangeIsNoticed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, parts := seal.NewKey(), drawParts(t)
		file, want := sealed(t, key, parts), bytes.Join(parts, nil)
		changed := bytes.Clone(file)
		at := rapid.IntRange(0, len(file)-1).Draw(t, "at")
		switch rapid.IntRange(0, 4).Draw(t, "what") {
		case 0:
			changed[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case 1:
			changed = changed[:at]
		case 2: // a part stands twice
			changed = append(changed[:at:at], file[rapid.IntRange(0, at).Draw(t, "from"):]...)
		case 3:
			changed = append(changed[:at:at], file[rapid.IntRange(at, len(file)).Draw(t, "to"):]...)
		case 4:
			changed = append(changed, rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "more")...)
		}
		if bytes.Equal(changed, file) {
			return
		}
		text, whole, err := read(changed, key)
		if err == nil && whole {
			t.Fatalf("a changed file reads as whole")
		}
		if err == nil && !bytes.HasPrefix(want, text) {
			t.Fatalf("something else is read of a cut file")
		}
	})
}

func TestAnotherKeyOrNameOpensNothing(t *testing.T) {
	key := seal.NewKey()
	file := sealed(t, key, [][]byte{[]byte("what was said")})
	if _, _, err := read(file, seal.NewKey()); !errors.Is(err, seal.ErrDamaged) {
		t.Errorf("another key: %v", err)
	}
	if _, err := seal.NewReader(bytes.NewReader(file), int64(len(file)), key, "recording 01a3"); !errors.Is(err, seal.ErrDamaged) {
		t.Errorf("another name: %v", err)
	}
	if _, _, err := read(file, key[:31]); !errors.Is(err, seal.ErrKey) {
		t.Errorf("half a key: %v", err)
	}
	if _, err := seal.NewWriter(io.Discard, nil, name); !errors.Is(err, seal.ErrKey) {
		t.Errorf("no key: %v", err)
	}
	empty := sealed(t, key, nil)
	if _, _, err := read(empty, seal.NewKey()); !errors.Is(err, seal.ErrDamaged) {
		t.Errorf("another key for an empty file: %v", err)
	}
	if text, whole, err := read(empty, key); len(text) != 0 || !whole || err != nil {
		t.Errorf("an empty file: %q, %v, %v", text, whole, err)
	}
}

// full is a disk that has no room after so many bytes.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("no room")
	}
	return len(p), nil
}

func TestADiskThatFillsUpEndsTheFile(t *testing.T) {
	w, err := seal.NewWriter(&full{left: 100}, seal.NewKey(), name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 20)); err != nil {
		t.Fatal(err)
	}
	n, err := w.Write(make([]byte, 80))
	if n != 0 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
	if again := w.Close(); again == nil || again.Error() != err.Error() {
		t.Errorf("closing says %v", again)
	}
}

func TestKeysLieSealedUnderAMasterKey(t *testing.T) {
	master, key := seal.NewKey(), seal.NewKey()
	wrapped, err := seal.Wrap(master, key, name)
	if err != nil || bytes.Contains(wrapped, key) {
		t.Fatalf("%x, %v", wrapped, err)
	}
	if got, err := seal.Unwrap(master, wrapped, name); err != nil || !bytes.Equal(got, key) {
		t.Errorf("%v", err)
	}
	for what, try := range map[string]func() ([]byte, error){
		"another master": func() ([]byte, error) { return seal.Unwrap(seal.NewKey(), wrapped, name) },
		"another name":   func() ([]byte, error) { return seal.Unwrap(master, wrapped, "recording 01a3") },
		"half of it":     func() ([]byte, error) { return seal.Unwrap(master, wrapped[:8], name) },
		"nothing":        func() ([]byte, error) { return seal.Unwrap(master, nil, name) },
	} {
		if got, err := try(); !errors.Is(err, seal.ErrKey) || got != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if seal.Fingerprint(master) == seal.Fingerprint(key) || len(seal.Fingerprint(key)) != 16 {
		t.Error("fingerprints don't tell keys apart")
	}
}

func TestAKeyHasAFileOfItsOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := seal.ReadKey(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is missing: %v", err)
	}
	key, err := seal.MakeKey(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal.MakeKey(path)
	if err != nil || !bytes.Equal(key, again) {
		t.Errorf("made again it is another: %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.ReadKey(path); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("5ec3e7"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.ReadKey(path); !errors.Is(err, seal.ErrKey) || bytes.Contains([]byte(err.Error()), []byte("5ec3e7")) {
		t.Errorf("a torn key: %v", err)
	}
}

func FuzzReader(f *testing.F) {
	key := make([]byte, seal.KeySize)
	f.Add(sealed(f, key, [][]byte{[]byte("what"), []byte("was said")}))
	f.Add([]byte("CLSEAL1\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, file []byte) {
		_, _, _ = read(file, key) // whatever it is, it is an error at most
	})
}
