package config

import (
	"crypto/tls"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/lookup"
	"careline/problem"
)

const servicesName = "services.yaml"

// services reads services.yaml; without the file nobody can be asked. It is read
// when the server starts and no part of a script: who may publish a flow can't
// have member data sent to a new address.
func (r *reader) services() []lookup.Service {
	if !r.exists(servicesName) {
		return nil
	}
	doc := r.document(servicesName)
	if doc == nil {
		return nil
	}
	var file struct {
		Services map[string]yaml.Node `yaml:"services"`
	}
	r.problems.Add(doc.File, doc.Decode(doc.Root, &file))
	var all []lookup.Service
	for _, pair := range problem.Pairs(at(doc.Root, "services")) {
		keys := serviceDefaults()
		before := len(r.problems)
		if !userName.MatchString(pair.Key.Value) {
			r.add(doc.At(pair.Key, "%q can't be a service's name", pair.Key.Value).
				Hint("begin with a lower-case letter; then letters, digits, dots, dashes, at most 32"))
		}
		r.problems.Add(doc.File, doc.Decode(pair.Value, &keys))
		if len(r.problems) > before {
			continue
		}
		r.bounds(doc, pair.Value, keys)
		all = append(all, r.reached(doc, pair, keys))
	}
	return all
}

// reached checks one service.
func (r *reader) reached(doc *problem.Document, pair problem.Pair, keys serviceKeys) lookup.Service {
	if !slices.Contains([]string{"json", "fhir"}, keys.Kind) {
		r.add(unknown(doc, at(pair.Value, "kind"), "a kind of service", keys.Kind, []string{"fhir", "json"}))
	}
	if err := lookup.CheckURL(keys.URL); err != nil {
		r.add(doc.At(at(pair.Value, "url"), "service %q can't be asked at this url: %v", pair.Key.Value, err).
			Hint("write it as https://benefits.example.net/v2, and secrets under headers"))
	}
	service := lookup.Service{
		Name: pair.Key.Value, Recipient: keys.Recipient, FHIR: keys.Kind == "fhir", URL: keys.URL, Headers: http.Header{},
		Connect: keys.Connect, Time: keys.Time, MaxAnswer: keys.MaxAnswer, Redirects: keys.Redirects,
		AtOnce: keys.AtOnce, Failures: keys.Failures, Rest: keys.Rest,
	}
	if len(keys.Recipient) > 100 {
		r.add(doc.At(at(pair.Value, "recipient"), "the recipient has %d letters", len(keys.Recipient)).Hint("at most 100 are kept in the accounting"))
	}
	for _, header := range problem.Pairs(problem.Get(pair.Value, "headers")) {
		if !headerName.MatchString(header.Key.Value) {
			r.add(doc.At(header.Key, "%q is not a header", header.Key.Value).Hint("write its name, such as Authorization"))
			continue
		}
		service.Headers.Set(header.Key.Value, r.header(doc, header.Value, header.Key.Value, keys.Headers[header.Key.Value]))
	}
	service.TLS = r.serviceTLS(doc, at(pair.Value, "tls"), keys.TLS)
	return service
}

// secretHeader are headers whose values nobody should find in a configuration.
var secretHeader = regexp.MustCompile(`(?i)authorization|cookie|key|token|secret|password`)

func (r *reader) header(doc *problem.Document, node *yaml.Node, name, value string) string {
	if file, ok := strings.CutPrefix(value, "file:"); ok {
		return r.secretIn(doc, node, file, name+" header")
	}
	if variable, ok := strings.CutPrefix(value, "env:"); ok {
		value, there := os.LookupEnv(variable)
		if !there || value == "" || strings.ContainsAny(value, "\r\n\x00") {
			r.add(doc.At(node, "the %s header is to be the environment's %s, which is not there or no single line", name, variable).Hint("set it where Careline is started"))
			return ""
		}
		return value
	}
	if secretHeader.MatchString(name) {
		r.add(doc.At(node, "the %s header stands in the file for all to read", name).Hint("write file:PATH or env:NAME, and the secret there"))
	}
	if strings.ContainsAny(value, "\r\n\x00") {
		r.add(doc.At(node, "the %s header is no single line", name).Hint("write it on one"))
	}
	return value
}

// serviceTLS loads certificates for a service; nil where none are given.
func (r *reader) serviceTLS(doc *problem.Document, node *yaml.Node, keys serviceTLSKeys) *tls.Config {
	if keys == (serviceTLSKeys{}) {
		return nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if keys.Authorities != "" {
		config.RootCAs = r.pool(doc, at(node, "authorities"), keys.Authorities, "give the PEM file of the authority that signs the service's certificate")
	}
	if keys.Certificate != "" || keys.Key != "" {
		pair, err := tls.LoadX509KeyPair(r.path(keys.Certificate), r.path(keys.Key))
		if err != nil {
			r.add(doc.At(node, "the certificate for the service can't be used").Hint("certificate and key are two PEM files that belong together, readable by Careline"))
			return config
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}
