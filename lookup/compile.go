package lookup

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Fault is one mistake in a look-up's text: where (the keys that lead there),
// what, and what to do.
type Fault struct {
	At      []string
	Message string
	Advice  string
}

var (
	valueName     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	resourceForm  = regexp.MustCompile(`^[A-Z][A-Za-z]{2,40}$`)
	parameterForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.:-]{0,99}$`)
)

// compiler reads one look-up and gathers what is wrong.
type compiler struct {
	text   Text
	faults []Fault
	used   map[string]bool
}

// Compile reads a look-up. With faults there is no definition.
func Compile(name string, text Text) (*Definition, []Fault) {
	c := &compiler{text: text, used: map[string]bool{}}
	d := &Definition{
		name: name, service: text.Service, purpose: text.Purpose, public: text.Public,
		with: maps.Clone(text.With), keep: text.Keep, version: fingerprint(name, text),
	}
	if !valueName.MatchString(name) {
		c.fault(nil, "%q can't name a look-up", name)("use small letters, digits and underscores")
	}
	if text.Service == "" {
		c.fault(nil, "look-up %q names no service", name)("add service, and describe it in services.yaml")
	}
	c.with(d)
	c.asked(d)
	for _, value := range slices.Sorted(maps.Keys(text.With)) {
		if !c.used[value] && len(c.faults) == 0 {
			c.fault([]string{"with", value}, "the value %q is taken and used nowhere", value)("write it as {{ %s }} where the service expects it, or remove it", value)
		}
	}
	c.into(d)
	if text.Keep < 0 || text.Keep > MaxKeep {
		c.fault([]string{"keep"}, "keep is out of bounds")("at most %v", MaxKeep)
	}
	if d.retries = 1; text.Post != "" {
		d.retries = 0
	}
	if text.Retries != nil {
		if d.retries = *text.Retries; d.retries < 0 || d.retries > MaxRetries {
			c.fault([]string{"retries"}, "retries is out of bounds")("from 0 to %d is allowed", MaxRetries)
		}
	}
	if len(c.faults) > 0 {
		return nil, c.faults
	}
	return d, nil
}

// fault notes a mistake; what it gives takes the advice.
func (c *compiler) fault(at []string, format string, args ...any) func(advice string, args ...any) {
	c.faults = append(c.faults, Fault{At: at, Message: fmt.Sprintf(format, args...)})
	i := len(c.faults) - 1
	return func(advice string, args ...any) { c.faults[i].Advice = fmt.Sprintf(advice, args...) }
}

func (c *compiler) with(d *Definition) {
	if len(c.text.With) > MaxValues {
		c.fault([]string{"with"}, "the look-up takes %d values", len(c.text.With))("at most %d are sent", MaxValues)
	}
	for _, name := range slices.Sorted(maps.Keys(c.text.With)) {
		taking := c.text.With[name]
		switch {
		case !valueName.MatchString(name) || name == Today:
			c.fault([]string{"with", name}, "%q can't name a value", name)("use small letters, digits and underscores, and another word than %s", Today)
		case !slices.Contains(Takings(), taking):
			c.fault([]string{"with", name}, "%q says not whose data %q may be", taking, name)("write public, keyed (by the caller) or member")
		case taking == TakesMember && c.text.Public:
			c.fault([]string{"public"}, "what is asked with a member's %s is the member's", name)("remove public")
		}
	}
	if d.discloses() && (c.text.Purpose == "" || len(c.text.Purpose) > 60) {
		c.fault([]string{"purpose"}, "the look-up tells a service what is protected, and not what for")("write a purpose of a few words, as in `purpose: eligibility`, for the accounting of disclosures (45 CFR 164.528)")
	}
}

// asked reads what is sent.
func (c *compiler) asked(d *Definition) {
	t := c.text
	given := map[string]string{"get": t.Get, "post": t.Post, "search": t.Search, "read": t.Read}
	maps.DeleteFunc(given, func(_, text string) bool { return text == "" })
	if len(given) != 1 {
		c.fault(nil, "the look-up asks %d things", len(given))("write one of get, post, search and read")
		return
	}
	for key, belongs := range map[string][]string{"query": {"get", "post"}, "body": {"post"}, "form": {"post"}, "by": {"search"}} {
		written := map[string]bool{"query": t.Query != nil, "body": t.Body != nil, "form": t.Form != nil, "by": t.By != nil}[key]
		if written && !slices.ContainsFunc(belongs, func(what string) bool { return given[what] != "" }) {
			c.fault([]string{key}, "%s doesn't go with what is asked", key)("it goes with %s", strings.Join(belongs, " or "))
		}
	}
	r := &d.request
	switch {
	case t.Get != "":
		r.method, r.path = "GET", c.path("get", t.Get)
	case t.Post != "":
		r.method, r.path = "POST", c.path("post", t.Post)
		if t.Body != nil && t.Form != nil {
			c.fault([]string{"form"}, "body and form can't both be sent")("remove one")
		}
		r.body, r.form = c.body([]string{"body"}, t.Body, 0), c.parameters("form", t.Form, false)
		r.isForm = t.Form != nil
	case t.Search != "":
		r.method, r.resource, r.search = "POST", c.resource("search", t.Search), true
		r.form = c.parameters("by", t.By, false)
		if len(t.By) == 0 {
			c.fault([]string{"search"}, "the search has nothing to go by: it would give the records of everybody")("add by, as in `by: {identifier: \"https://plan.example.net/member|{{ member }}\"}`")
		}
	default:
		resource, id, _ := strings.Cut(t.Read, "/")
		r.method, r.resource = "GET", c.resource("read", resource)
		r.path = c.path("read", "/"+t.Read)
		if id == "" || strings.Contains(id, "/") {
			c.fault([]string{"read"}, "%q names no resource", t.Read)("write its type and id, as in Practitioner/{{ id }}")
		}
	}
	r.query = c.parameters("query", t.Query, true)
}

func (c *compiler) resource(key, name string) string {
	if !resourceForm.MatchString(name) {
		c.fault([]string{key}, "%q is no type of resource", name)("write it as FHIR does, as in Coverage")
	}
	return name
}

func (c *compiler) path(key, text string) template {
	t := c.template([]string{key}, text, true)
	plain := strings.Join(strings.Fields(t.fill(nil, asItIs)), " ") // without its values
	_, err := url.PathUnescape(plain)
	if !strings.HasPrefix(text, "/") || err != nil || strings.ContainsAny(plain, "?# \\") || slices.Contains(strings.Split(plain, "/"), "..") {
		c.fault([]string{key}, "%q is no path below the service's URL", text)("begin it with /, and write what follows a ? under query")
	}
	return t
}

func (c *compiler) parameters(key string, texts map[string]string, inURL bool) parameters {
	var list parameters
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if !parameterForm.MatchString(name) {
			c.fault([]string{key, name}, "%q can't name a parameter", name)("use letters, digits and _ . : -")
		}
		list = append(list, parameter{name, c.template([]string{key, name}, texts[name], inURL)})
	}
	return list
}

// template reads a text in which no value is bare. In a URL, all of them must be
// nobody's: servers and proxies write URLs into their logs.
func (c *compiler) template(at []string, text string, inURL bool) template {
	t := c.values(at, text)
	for _, name := range t.names() {
		if taking := c.text.With[name]; inURL && taking != TakesPublic && taking != "" {
			c.fault(at, "%q would stand in the URL, which servers and proxies keep in their logs", name)("send what is %s in the body or form of a post, or by a search", taking)
		}
	}
	if t.hasBare() {
		c.fault(at, "a value stands as a number or truth where all is text")("write {{ name }}")
	}
	return t
}

func (c *compiler) values(at []string, text string) template {
	t, err := parseTemplate(text)
	if err != nil {
		c.fault(at, "%q can't be filled in: %v", text, err)("write a value as {{ name }}")
	}
	for _, name := range t.names() {
		c.used[name] = true
		if _, known := c.text.With[name]; !known && name != Today {
			c.fault(at, "the value %q is not among those taken", name)("add it under with, as in `with: {%s: public}`", name)
		}
	}
	return t
}

// maxBodyDepth bounds how deep a body is.
const maxBodyDepth = 16

// body compiles a JSON value whose texts are templates.
func (c *compiler) body(at []string, value any, depth int) any {
	if depth > maxBodyDepth {
		c.fault(at, "the body is more than %d deep", maxBodyDepth)("send something flatter")
		return nil
	}
	switch value := value.(type) {
	case map[string]any:
		object := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			object[name] = c.body(append(slices.Clone(at), name), value[name], depth+1)
		}
		return object
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = c.body(at, item, depth+1)
		}
		return items
	case string:
		t := c.values(at, value)
		if t.hasBare() && !t.isBare() {
			c.fault(at, "a number or truth stands amid text")("let the value stand alone, or write {{ name }}")
		}
		return t
	}
	return value
}

func (c *compiler) into(d *Definition) {
	d.fields = map[string]field{}
	if n := len(c.text.Into); n == 0 || n > MaxFields {
		c.fault([]string{"into"}, "the look-up gives %d fields", n)("write what it finds, as in `into: {copay: {path: coverage.copay, as: money}}`; at most %d", MaxFields)
	}
	for _, name := range slices.Sorted(maps.Keys(c.text.Into)) {
		text, at := c.text.Into[name], []string{"into", name}
		if !valueName.MatchString(name) {
			c.fault(at, "%q can't name a field", name)("use small letters, digits and underscores")
		}
		found, err := parsePath(text.Path)
		if err != nil {
			c.fault(append(at, "path"), "%q is no path in an answer", text.Path)("write names with dots between, as in coverage.copay or telecom[system=phone].value")
		}
		if !slices.Contains(Kinds(), text.As) {
			c.fault(append(at, "as"), "there is no kind %q", text.As)("write one of text, number, truth, date, money and count")
		} else if text.Otherwise != nil {
			c.otherwise(at, text)
		}
		d.fields[name] = field{found, text.As, text.Otherwise}
	}
}

func (c *compiler) otherwise(at []string, text FieldText) {
	if text.As == AsCount {
		c.fault(append(at, "otherwise"), "a count is 0 where nothing is found")("remove otherwise")
		return
	}
	if formed, err := text.As.text(*text.Otherwise); err != nil || formed != *text.Otherwise {
		c.fault(append(at, "otherwise"), "%q is no %s", *text.Otherwise, text.As)("write a value of that kind, as it is kept: 12.50, 2027-01-14, true")
	}
}
