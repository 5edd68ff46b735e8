package lookup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"careline/phi"
)

// ErrMissing is what a look-up fails with when the service answered that there
// is nothing: 404, an empty bundle, an answer without a field that must be there.
var ErrMissing = errors.New("there is nothing of the kind")

// passing is a failure that may pass by itself.
type passing struct{ error }

func (p passing) Unwrap() error { return p.error }

var (
	errHuge    = errors.New("its answer is larger than max_answer allows")
	errNotJSON = errors.New("its answer is not JSON")
)

// read takes an answer apart into the look-up's fields.
func (d *Definition) read(answer *http.Response, raw []byte, most int64) (map[string]phi.String, error) {
	switch status := answer.StatusCode; {
	case status == http.StatusNoContent:
		return nil, fmt.Errorf("%w (204)", ErrMissing)
	case (status == http.StatusNotFound || status == http.StatusGone) && !d.request.search:
		return nil, fmt.Errorf("%w (%d)", ErrMissing, status)
	case status == http.StatusTooManyRequests || status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout:
		return nil, passing{fmt.Errorf("it answered %d", status)}
	case status < 200 || status > 299:
		return nil, fmt.Errorf("it answered %d%s", status, d.outcome(raw))
	case int64(len(raw)) > most:
		return nil, errHuge
	}
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil || kind != typeJSON && kind != "text/json" && !strings.HasSuffix(kind, "+json") {
		return nil, fmt.Errorf("%w, by its Content-Type", errNotJSON)
	}
	root, err := parseJSON(raw)
	if err != nil {
		return nil, err
	}
	roots := []any{root}
	if d.FHIR() {
		if roots, err = d.resources(root); err != nil {
			return nil, err
		}
	}
	return d.pick(roots)
}

// parseJSON reads one JSON value, numbers as they are written.
func parseJSON(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		return nil, errNotJSON // its words quote the answer
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows it", errNotJSON)
	}
	return root, nil
}

// pick finds the fields: counts over all roots, the others in the first, so that
// two fields never come from two records.
func (d *Definition) pick(roots []any) (map[string]phi.String, error) {
	fields := map[string]phi.String{}
	for _, name := range slices.Sorted(maps.Keys(d.fields)) {
		f := d.fields[name]
		if f.kind == AsCount {
			n := 0
			for _, root := range roots {
				n += len(f.path.find(root))
			}
			fields[name] = phi.NewString(fmt.Sprint(n))
			continue
		}
		var found []any
		if len(roots) > 0 {
			found = f.path.find(roots[0])
		}
		switch {
		case len(found) == 0 && f.otherwise == nil:
			return nil, fmt.Errorf("%w: no %s", ErrMissing, name)
		case len(found) == 0:
			fields[name] = phi.NewString(*f.otherwise)
		default:
			text, err := f.kind.text(found[0])
			if err != nil {
				return nil, fmt.Errorf("its answer's %s %w", name, err)
			}
			fields[name] = phi.NewString(text)
		}
	}
	return fields, nil
}
