package prompts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// manifestName stands in each language's folder.
const manifestName = "rendered.json"

// manifest remembers what each WAV was rendered from and what came out.
type manifest struct {
	// Prompts by name.
	Prompts map[string]rendered `json:"prompts"`
}

// rendered is one WAV: the hash of voice and words, and of the file.
type rendered struct {
	From string `json:"from"`
	WAV  string `json:"wav"`
	// Recorded: the WAV was imported, and is never rendered over.
	Recorded bool `json:"recorded,omitempty"`
}

// recorded reports whether a prompt's WAV is the one that was imported.
func (m manifest) recorded(folder, name string) bool {
	return m.Prompts[name].Recorded && m.made(folder, name)
}

// made reports whether a prompt's WAV is the one that was rendered or imported, and
// nobody has put another in its place since.
func (m manifest) made(folder, name string) bool {
	entry, ok := m.Prompts[name]
	sum, err := hashFile(wavPath(folder, name))
	return ok && err == nil && sum == entry.WAV
}

// renderedNow is what is remembered of a job that was done.
func renderedNow(done job, voice Voice) (rendered, error) {
	sum, err := hashFile(done.path)
	return rendered{From: hash(recipe, voice.Name(), done.words), WAV: sum}, err
}

func readManifest(folder string) (manifest, error) {
	var m manifest
	raw, err := os.ReadFile(filepath.Join(folder, manifestName))
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s: %w", filepath.Join(folder, manifestName), err)
	}
	if m.Prompts == nil {
		m.Prompts = map[string]rendered{}
	}
	return m, nil
}

func (m manifest) write(folder string) error {
	raw, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return replace(filepath.Join(folder, manifestName), append(raw, '\n'))
}

func hash(parts ...string) string {
	sum := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

func hashFile(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return hash(string(raw)), nil
}
