package member

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"gopkg.in/yaml.v3"

	"careline/phi"
	"careline/phi/identifier"
	"careline/problem"
)

// Providers finds the offices that may be told of members. It returns nil and no
// error for one that is not there, in about the time that it takes for one that is.
type Providers interface {
	Enrolled(ctx context.Context, npi, tin phi.String) (*Office, error)
}

// Office is a provider by both its numbers.
type Office struct {
	// Until is the last day of its enrollment; zero: none is known.
	Until time.Time
}

// EmbeddedProviders is a directory of providers read from a file. It is immutable.
type EmbeddedProviders struct {
	key     []byte
	offices map[string]*Office
}

// Enrolled returns the office with these numbers, or nil.
func (d *EmbeddedProviders) Enrolled(ctx context.Context, npi, tin phi.String) (*Office, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("member: directory of providers: %w", err)
	}
	return d.offices[both(d.key, npi, tin)], nil
}

// Len is the number of offices.
func (d *EmbeddedProviders) Len() int { return len(d.offices) }

func both(key []byte, npi, tin phi.String) string { return npi.Token(key) + tin.Token(key) }

func providerFields() []field {
	asWritten := func(text string) (string, bool) { return text, true }
	npi := func(text string) (string, bool) { return text, identifier.NPI(text) }
	tin := func(text string) (string, bool) { return text, identifier.TIN(text) }
	return []field{
		{"npi", true, regexp.MustCompile(`^[0-9]{10}$`), "the ten digits of a National Provider Identifier, in quotes, the last of them its check digit", npi},
		{"tin", true, regexp.MustCompile(`^[0-9]{9}$`), "the nine digits of a taxpayer's identification number, in quotes", tin},
		{"name", true, regexp.MustCompile(`^\S.{0,98}\S$`), "a name of 2 to 100 letters", asWritten},
		{"until", false, regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`), "the last day of its enrollment, written YYYY-MM-DD", realDate},
	}
}

// LoadProviders reads the providers of a YAML file; an office with several of either
// number stands there for each pair:
//
//	providers:
//	  - {npi: "0000000000", tin: "000000000", name: An Office, until: 2027-12-31}
//
// Its errors are as LoadDirectory's.
func LoadProviders(file string, raw []byte) (*EmbeddedProviders, error) {
	doc, err := problem.ParseProtected(file, raw)
	if err != nil {
		return nil, err
	}
	l := &loader{doc: doc, lines: map[string]int{}}
	d := &EmbeddedProviders{key: randomKey(), offices: map[string]*Office{}}
	providers := problem.Get(doc.Root, "providers")
	for _, pair := range problem.Pairs(doc.Root) {
		if pair.Key.Value != "providers" {
			l.add(doc.At(pair.Key, "this key is not one of a directory of providers").Hint("the only key at the top is providers"))
		}
	}
	switch {
	case providers == nil:
		l.add(doc.At(doc.Root, "there are no providers").Hint("begin with `providers:` and one `- {…}` per office, or remove the file"))
	case providers.Kind != yaml.SequenceNode:
		l.add(doc.At(providers, "providers is not a list").Hint("write one `- {…}` per office"))
	case len(providers.Content) > MaxMembers:
		l.add(doc.At(providers, "%d providers", len(providers.Content)).Hint("at most %d are held in memory", MaxMembers))
	default:
		for _, node := range providers.Content {
			l.provider(node, d)
		}
	}
	if err := l.list.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

func (l *loader) provider(node *yaml.Node, d *EmbeddedProviders) {
	if node.Kind != yaml.MappingNode {
		l.add(l.doc.At(node, "a provider is not a mapping").Hint("write it as `- {npi: …, tin: …, name: …}`"))
		return
	}
	before := len(l.list)
	texts := l.fields(node, "a provider", providerFields())
	if len(l.list) > before {
		return
	}
	pair := both(d.key, texts["npi"], texts["tin"])
	if line, ok := l.lines[pair]; ok {
		l.add(l.doc.At(node, "a provider with both these numbers stands on line %d already", line).Hint("remove one of the two"))
		return
	}
	l.lines[pair] = node.Line
	office := &Office{}
	if until := problem.Get(node, "until"); until != nil {
		office.Until, _ = time.Parse(time.DateOnly, until.Value)
	}
	d.offices[pair] = office
}
