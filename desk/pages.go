package desk

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:web/dist
var dist embed.FS

// notBuilt stands where the page would, when the binary was built without it.
const notBuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Careline: page not built</title>
<h1>The softphone's page isn't in this binary</h1>
<p>Run <code>make build</code> (it bundles desk/web into desk/web/dist), then start bin/careline again.</p>
</html>
`

type asset struct {
	body []byte
	kind string
	tag  string
}

// pages serves the built files. Each has its content's hash as ETag and is
// asked for anew each time, so that after an update no window shows a mixture.
type pages struct{ assets map[string]asset }

func loadPages() (*pages, error) {
	root, err := fs.Sub(dist, "web/dist")
	if err != nil {
		return nil, fmt.Errorf("desk: pages: %w", err)
	}
	return pagesOf(root)
}

func pagesOf(root fs.FS) (*pages, error) {
	p := &pages{assets: make(map[string]asset)}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		body, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		p.assets["/"+name] = asset{body, kindOf(name), `"` + hex.EncodeToString(sum[:8]) + `"`}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("desk: pages: %w", err)
	}
	return p, nil
}

// kindOf doesn't leave the types that matter to the machine's mime table.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// ServeHTTP answers GET and HEAD of a file; "/" is index.html.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Only GET and HEAD.", http.StatusMethodNotAllowed)
		return
	}
	name := r.URL.Path
	if name == "/" {
		name = "/index.html"
	}
	found, ok := p.assets[name]
	if !ok && name == "/index.html" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, notBuilt)
		return
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", found.kind)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", found.tag)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(found.body))
}
