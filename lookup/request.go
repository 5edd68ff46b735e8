package lookup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// request is how a look-up is sent.
type request struct {
	method string
	path   template
	query  parameters
	// body is JSON whose texts are templates; form is sent instead if isForm.
	body   any
	form   parameters
	isForm bool
	// resource is the type of FHIR resource wanted; empty for plain JSON.
	resource string
	search   bool
}

var errValue = errors.New("a value can't be sent as it is: it is empty, or not of the form declared")

// MIME types that we send and ask for (RFC 8259, FHIR R4 "http").
const (
	typeJSON = "application/json"
	typeFHIR = "application/fhir+json"
	typeForm = "application/x-www-form-urlencoded"
)

// build makes the HTTP request below a base URL without a slash at its end.
func (r request) build(ctx context.Context, base string, headers http.Header, values map[string]string) (*http.Request, error) {
	for _, name := range r.path.names() {
		if v := values[name]; v == "" || v == "." || v == ".." {
			return nil, errValue // it would lead to another resource
		}
	}
	address := base + r.path.fill(values, url.PathEscape)
	if r.search {
		address = base + "/" + r.resource + "/_search"
	}
	if len(r.query) > 0 {
		address += "?" + r.query.encode(values, asItIs)
	}
	body, kind, err := r.content(values)
	if err != nil {
		return nil, err
	}
	made, err := http.NewRequestWithContext(ctx, r.method, address, body)
	if err != nil {
		return nil, errValue
	}
	for name, list := range headers {
		made.Header[name] = list
	}
	if kind != "" {
		made.Header.Set("Content-Type", kind)
	}
	made.Header.Set("Accept", typeJSON)
	if r.resource != "" {
		made.Header.Set("Accept", typeFHIR)
	}
	return made, nil
}

func (r request) content(values map[string]string) (io.Reader, string, error) {
	switch {
	case r.search:
		return strings.NewReader(r.form.encode(values, escapeFHIR)), typeForm, nil
	case r.isForm:
		return strings.NewReader(r.form.encode(values, asItIs)), typeForm, nil
	case r.body == nil:
		return http.NoBody, "", nil
	}
	filled, err := fillBody(r.body, values)
	if err != nil {
		return nil, "", err
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(filled); err != nil {
		return nil, "", errValue
	}
	return &buffer, typeJSON, nil
}

// encode writes parameters as a query or form, each value escaped first for what
// it means and then for where it stands.
func (p parameters) encode(values map[string]string, escape func(string) string) string {
	form := url.Values{}
	for _, one := range p {
		form.Add(one.name, one.value.fill(values, escape))
	}
	return form.Encode()
}

// escapeFHIR keeps a value from being read as several (FHIR R4 "search",
// Escaping Search Parameters).
func escapeFHIR(text string) string {
	return strings.NewReplacer(`\`, `\\`, `|`, `\|`, `$`, `\$`, `,`, `\,`).Replace(text)
}

// fillBody puts values into a compiled body.
func fillBody(value any, values map[string]string) (any, error) {
	var err error
	switch value := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(value))
		for name, inner := range value {
			if object[name], err = fillBody(inner, values); err != nil {
				return nil, err
			}
		}
		return object, nil
	case []any:
		items := make([]any, len(value))
		for i, inner := range value {
			if items[i], err = fillBody(inner, values); err != nil {
				return nil, err
			}
		}
		return items, nil
	case template:
		text := value.fill(values, asItIs)
		if !value.isBare() {
			return text, nil
		}
		if json.Valid([]byte(text)) && (text == "true" || text == "false" || strings.Trim(text, "-0123456789.") == "") {
			return json.RawMessage(text), nil
		}
		return nil, errValue
	}
	return value, nil
}
