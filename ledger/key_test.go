package ledger

import (
	"errors"
	"os"
	"strings"
	"testing"

	"careline/phi/seal"
)

// A new key in silence would make every member a stranger, and set the counts
// of failed verifications back to nothing.
func TestALostOrForeignKeyIsNotReplacedInSilence(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	if _, err := l.Key(t.Context()); err != nil {
		t.Fatal(err)
	}
	closeOrFail(t, l)
	own, err := os.ReadFile(path + ".key")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key  string
		says string
	}{
		"lost":    {"", "is missing"},
		"foreign": {strings.Repeat("0f", seal.KeySize) + "\n", "another ledger's"},
		"damaged": {"0f0f", "damaged"},
	} {
		if err := os.Remove(path + ".key"); err != nil {
			t.Fatal(err)
		}
		if c.key != "" {
			if err := os.WriteFile(path+".key", []byte(c.key), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l := open(t, path)
		_, err := l.Key(t.Context())
		if !errors.Is(err, ErrKeyLost) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "backup") {
			t.Errorf("%s: %v", name, err)
		}
		if c.key != "" && strings.Contains(err.Error(), strings.TrimSpace(c.key)) {
			t.Errorf("%s: the error shows the key", name)
		}
		closeOrFail(t, l)
		if err := os.WriteFile(path+".key", own, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := open(t, path).Key(t.Context()); err != nil {
		t.Errorf("the key is back: %v", err)
	}
}
