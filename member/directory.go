package member

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"careline/phi"
	"careline/phi/identifier"
	"careline/problem"
)

// MaxMembers bounds the embedded directory, which is held in memory; a larger
// one belongs in a real directory.
const MaxMembers = 100_000

// Embedded is a directory read from a file. It is immutable.
type Embedded struct {
	// key is random per load: members are found by a keyed fingerprint, so that
	// finding takes the same time for any number and the map holds none.
	key     []byte
	members map[string]*Entry
	// byMBI are the same by the keys of their Medicare numbers, which several may share.
	byMBI map[string][]*Entry
}

// Find returns the member with this number, or nil.
func (d *Embedded) Find(ctx context.Context, memberID phi.String) (*Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("member: directory: %w", err)
	}
	return d.members[memberID.Token(d.key)], nil
}

// FindByMBI returns the members whose Medicare number has these keys, one for each
// place; a letter is the key that it stands on, so there may be several.
func (d *Embedded) FindByMBI(ctx context.Context, keys phi.String) ([]*Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("member: directory: %w", err)
	}
	return d.byMBI[keys.Token(d.key)], nil
}

// Len is the number of members.
func (d *Embedded) Len() int { return len(d.members) }

// field is one key of a member in the file.
type field struct {
	name     string
	required bool
	form     *regexp.Regexp
	// want says what is expected; a problem never says what stands there.
	want string
	// keep gives the text to be kept, false if it can't be one.
	keep func(text string) (string, bool)
}

func fields() []field {
	asWritten := func(text string) (string, bool) { return text, true }
	return []field{
		{"id", true, regexp.MustCompile(`^[0-9]{8}$`), `exactly eight digits in quotes, such as "00000000"`, asWritten},
		{"name", true, regexp.MustCompile(`^\S.{0,98}\S$`), "a name of 2 to 100 letters", asWritten},
		{"born", true, regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`), "a date of birth written YYYY-MM-DD", keyedDate},
		{"state", false, regexp.MustCompile(`^[A-Z]{2}$`), "a state as two capital letters", asWritten},
		{"phone", false, regexp.MustCompile(`^[0-9]{3}-[0-9]{4}$|^[0-9]{3}-[0-9]{3}-[0-9]{4}$`), "a telephone number written 000-0000 or 000-000-0000", digitsOnly},
		{"next_visit", false, regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`), "a date written YYYY-MM-DD", realDate},
		{"plan_year", false, regexp.MustCompile(`^[0-9]{4}$`), "a year of four digits", asWritten},
		{"open_claims", false, regexp.MustCompile(`^[0-9]{1,4}$`), "a whole number from 0 to 9999", plainNumber},
		{"mbi", false, regexp.MustCompile(`^[0-9A-Za-z-]{11,13}$`), "a Medicare Beneficiary Identifier of eleven places", mbiKeys},
	}
}

// mbiKeys keeps of a Medicare number what a caller keys in of it.
func mbiKeys(text string) (string, bool) {
	keys := identifier.MBIKeys(identifier.PlainMBI(text))
	return keys, keys != ""
}

// keyedDate turns a date into what a caller keys in, MMDDYYYY.
func keyedDate(text string) (string, bool) {
	date, err := time.Parse(time.DateOnly, text)
	if err != nil || date.Year() < 1900 {
		return "", false
	}
	return date.Format("01022006"), true
}

func realDate(text string) (string, bool) {
	_, err := time.Parse(time.DateOnly, text)
	return text, err == nil
}

func digitsOnly(text string) (string, bool) { return strings.ReplaceAll(text, "-", ""), true }

func plainNumber(text string) (string, bool) {
	number, err := strconv.Atoi(text)
	return strconv.Itoa(number), err == nil
}

// LoadDirectory reads the members of a YAML file:
//
//	members:
//	  - {id: "00000000", name: A Name, born: 1961-01-31, state: WI, next_visit: 2027-01-31}
//
// with those who may speak for a member below `representatives` (docs/verification.md).
// scopes are the words that a representative's scope may have besides "all"; none:
// those of DefaultScopes.
//
// Its errors are a problem.List with file:line:column. They say what is
// expected at a place, never what stands there.
func LoadDirectory(file string, raw []byte, scopes ...string) (*Embedded, error) {
	doc, err := problem.ParseProtected(file, raw)
	if err != nil {
		return nil, err
	}
	if len(scopes) == 0 {
		scopes = slices.Collect(maps.Keys(DefaultScopes()))
	}
	directory := &Embedded{key: randomKey(), members: map[string]*Entry{}, byMBI: map[string][]*Entry{}}
	loader := loader{doc: doc, directory: directory, lines: map[string]int{}, scopes: scopes}
	loader.document()
	if err := loader.list.Err(); err != nil {
		return nil, err
	}
	return loader.directory, nil
}

func randomKey() []byte {
	key := make([]byte, 32)
	rand.Read(key) // never fails (crypto/rand)
	return key
}

type loader struct {
	doc       *problem.Document
	directory *Embedded
	list      problem.List
	// lines on which a member stands, by its fingerprint.
	lines map[string]int
	// scopes that a representative may have besides "all".
	scopes []string
}

func (l *loader) add(p problem.Problem) { l.list = append(l.list, p) }

func (l *loader) document() {
	members := problem.Get(l.doc.Root, "members")
	for _, pair := range problem.Pairs(l.doc.Root) {
		if pair.Key.Value != "members" {
			l.add(l.doc.At(pair.Key, "this key is not one of a directory").Hint("the only key at the top is members"))
		}
	}
	switch {
	case members == nil:
		l.add(l.doc.At(l.doc.Root, "there are no members").Hint("begin with `members:` and one `- {…}` per member"))
	case members.Kind != yaml.SequenceNode:
		l.add(l.doc.At(members, "members is not a list").Hint("write one `- {…}` per member"))
	case len(members.Content) > MaxMembers:
		l.add(l.doc.At(members, "%d members", len(members.Content)).Hint("at most %d are held in memory", MaxMembers))
	default:
		for _, node := range members.Content {
			l.member(node)
		}
	}
}

func (l *loader) member(node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		l.add(l.doc.At(node, "a member is not a mapping").Hint("write it as `- {id: …, name: …, born: …}`"))
		return
	}
	before := len(l.list)
	texts := l.fields(node, "a member", fields(), "representatives", "own_consent")
	entry := &Entry{id: texts["id"], name: texts["name"], dateOfBirth: texts["born"], mbi: texts["mbi"], facts: map[string]phi.String{}}
	entry.representatives, entry.ownConsent = l.representatives(node), l.ownConsent(node)
	if born := problem.Get(node, "born"); born != nil {
		entry.born, _ = time.Parse(time.DateOnly, born.Value)
	}
	if len(l.list) > before {
		return
	}
	for name := range Facts() {
		if text, ok := texts[name]; ok {
			entry.facts[name] = text
		}
	}
	fingerprint := entry.id.Token(l.directory.key)
	if line, ok := l.lines[fingerprint]; ok {
		l.add(l.doc.At(problem.Get(node, "id"), "this member's id stands on line %d already", line).Hint("remove one of the two"))
		return
	}
	l.lines[fingerprint] = problem.Get(node, "id").Line
	l.directory.members[fingerprint] = entry
	if !entry.mbi.IsEmpty() {
		keys := entry.mbi.Token(l.directory.key)
		l.directory.byMBI[keys] = append(l.directory.byMBI[keys], entry)
	}
}

// fields reads those of somebody; others may stand beside them.
func (l *loader) fields(node *yaml.Node, who string, known []field, others ...string) map[string]phi.String {
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.name
	}
	l.unknownKeys(node, who, slices.Concat(names, others))
	texts := map[string]phi.String{}
	for _, f := range known {
		if text, ok := l.field(node, who, f); ok {
			texts[f.name] = phi.NewString(text)
		}
	}
	return texts
}

// unknownKeys names the keys that there are, not the one that stands there: a
// value may have slipped into its place.
func (l *loader) unknownKeys(node *yaml.Node, who string, names []string) {
	for _, pair := range problem.Pairs(node) {
		known := false
		for _, name := range names {
			known = known || pair.Key.Value == name
		}
		if known {
			continue
		}
		p := l.doc.At(pair.Key, "this key is not one of %s", who)
		if near := problem.Nearest(pair.Key.Value, names); near != "" {
			l.add(p.Hint("did you mean %q?", near))
		} else {
			l.add(p.Hint("the keys are %s", strings.Join(names, ", ")))
		}
	}
}

func (l *loader) field(node *yaml.Node, who string, f field) (string, bool) {
	value := problem.Get(node, f.name)
	if value == nil {
		if f.required {
			l.add(l.doc.At(node, "%s has no %s", who, f.name).Hint("give it %s", f.want))
		}
		return "", false
	}
	if value.Kind == yaml.ScalarNode && f.form.MatchString(value.Value) {
		if text, ok := f.keep(value.Value); ok {
			return text, true
		}
		l.add(l.doc.At(value, "%s is not %s", f.name, map[bool]string{true: "a number that is given out", false: "a day of the calendar"}[f.name == "mbi" || f.name == "npi" || f.name == "tin"]).Hint("write %s", f.want))
		return "", false
	}
	l.add(l.doc.At(value, "%s is not as it should be", f.name).Hint("write %s", f.want))
	return "", false
}
