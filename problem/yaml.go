package problem

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// maxDocument bounds one YAML file in bytes: a flow of 60 steps has about 8 KB.
const maxDocument = 1 << 20

var yamlLine = regexp.MustCompile(`line (\d+): ?`)

// Parse reads one YAML file whose top level is a mapping. Malformed YAML, a
// second document, duplicate keys, aliases and files over 1 MiB are refused
// with their position.
func Parse(file string, raw []byte) (*Document, error) {
	doc := &Document{File: file}
	if len(raw) > maxDocument {
		return nil, doc.At(nil, "the file has %d bytes", len(raw)).Hint("split it: at most %d bytes are read", maxDocument)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(raw, &node); err != nil {
		return nil, syntax(file, err)
	}
	if len(node.Content) == 0 {
		return nil, doc.At(nil, "the file is empty")
	}
	doc.Root = node.Content[0]
	if doc.Root.Kind != yaml.MappingNode {
		return nil, doc.At(doc.Root, "the top level is a %s", kindName(doc.Root)).Hint("start with keys, one per line, as in `name: value`")
	}
	var list List
	doc.walk(doc.Root, &list)
	return doc, list.Err()
}

func syntax(file string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	p := Problem{Position: Position{File: file, Line: 1, Column: 1}}
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		text = strings.Replace(text, m[0], "", 1)
	}
	p.Message = "not valid YAML: " + text
	return p.Hint("look at this line and the one above: indentation, quotes and colons")
}

// walk refuses what would be read otherwise than it looks.
func (d *Document) walk(node *yaml.Node, list *List) {
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		*list = append(*list, d.At(node, "anchors and aliases are not supported").Hint("write the value out"))
		return
	}
	if node.Kind == yaml.MappingNode {
		seen := map[string]int{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			if line, ok := seen[key.Value]; ok {
				*list = append(*list, d.At(key, "%q stands here twice, first on line %d", key.Value, line).Hint("remove one"))
			}
			seen[key.Value] = key.Line
		}
	}
	for _, child := range node.Content {
		d.walk(child, list)
	}
}

// Pair is one key of a mapping with its value.
type Pair struct{ Key, Value *yaml.Node }

// Pairs lists the keys of a mapping in the order written.
func Pairs(node *yaml.Node) []Pair {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	pairs := make([]Pair, 0, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		pairs = append(pairs, Pair{node.Content[i], node.Content[i+1]})
	}
	return pairs
}

// Get returns the value of a key of a mapping, or nil.
func Get(node *yaml.Node, key string) *yaml.Node {
	for _, pair := range Pairs(node) {
		if pair.Key.Value == key {
			return pair.Value
		}
	}
	return nil
}

// Decode fills the struct that target points to from a mapping. Fields are
// named by their `yaml` tag; a key that no field has is refused with the
// nearest name. It knows structs, pointers to structs, slices, maps with string
// keys, strings, booleans, integers, floats, time.Duration ("30s", "20m"),
// yaml.Node (kept whole) and encoding.TextUnmarshaler. All problems are
// returned at once, as a List.
func (d *Document) Decode(node *yaml.Node, target any) error {
	var list List
	d.decode(node, reflect.ValueOf(target).Elem(), &list)
	return list.Err()
}

var durationType = reflect.TypeFor[time.Duration]()
var nodeType = reflect.TypeFor[yaml.Node]()

func (d *Document) decode(node *yaml.Node, target reflect.Value, list *List) {
	if target.Type() == nodeType {
		target.Set(reflect.ValueOf(*node))
		return
	}
	if target.CanAddr() {
		if text, ok := target.Addr().Interface().(encoding.TextUnmarshaler); ok {
			if d.scalar(node, "a single value", list) {
				if err := text.UnmarshalText([]byte(node.Value)); err != nil {
					list.addAt(d, node, err)
				}
			}
			return
		}
	}
	switch target.Kind() {
	case reflect.Pointer:
		target.Set(reflect.New(target.Type().Elem()))
		d.decode(node, target.Elem(), list)
	case reflect.Struct:
		d.decodeStruct(node, target, list)
	case reflect.Slice:
		d.decodeSlice(node, target, list)
	case reflect.Map:
		d.decodeMap(node, target, list)
	default:
		d.decodeScalar(node, target, list)
	}
}

func (l *List) addAt(d *Document, node *yaml.Node, err error) {
	*l = append(*l, d.At(node, "%s", err.Error()))
}

func (d *Document) decodeStruct(node *yaml.Node, target reflect.Value, list *List) {
	if node.Kind != yaml.MappingNode {
		*list = append(*list, d.At(node, "here stands %s where keys with values are expected", kindName(node)))
		return
	}
	fields, names := map[string]reflect.Value{}, []string(nil)
	for i := range target.NumField() {
		tag := target.Type().Field(i).Tag.Get("yaml")
		if tag == "" || tag == "-" {
			continue
		}
		fields[tag] = target.Field(i)
		names = append(names, tag)
	}
	for _, pair := range Pairs(node) {
		field, ok := fields[pair.Key.Value]
		if !ok {
			*list = append(*list, d.At(pair.Key, "%q is not a key here", pair.Key.Value).Hint("%s", suggest(pair.Key.Value, names)))
			continue
		}
		d.decode(pair.Value, field, list)
	}
}

func suggest(name string, names []string) string {
	if near := Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "the keys here are " + strings.Join(names, ", ")
}

func (d *Document) decodeSlice(node *yaml.Node, target reflect.Value, list *List) {
	if node.Kind != yaml.SequenceNode {
		*list = append(*list, d.At(node, "here stands %s where a list is expected", kindName(node)).Hint("write it as [a, b] or one `- item` per line"))
		return
	}
	slice := reflect.MakeSlice(target.Type(), len(node.Content), len(node.Content))
	for i, item := range node.Content {
		d.decode(item, slice.Index(i), list)
	}
	target.Set(slice)
}

func (d *Document) decodeMap(node *yaml.Node, target reflect.Value, list *List) {
	if node.Kind != yaml.MappingNode {
		*list = append(*list, d.At(node, "here stands %s where names with values are expected", kindName(node)))
		return
	}
	m := reflect.MakeMap(target.Type())
	for _, pair := range Pairs(node) {
		value := reflect.New(target.Type().Elem()).Elem()
		d.decode(pair.Value, value, list)
		m.SetMapIndex(reflect.ValueOf(pair.Key.Value).Convert(target.Type().Key()), value)
	}
	target.Set(m)
}

func (d *Document) scalar(node *yaml.Node, want string, list *List) bool {
	if node.Kind == yaml.ScalarNode && node.Tag != "!!null" {
		return true
	}
	*list = append(*list, d.At(node, "here stands %s where %s is expected", kindName(node), want))
	return false
}

func (d *Document) decodeScalar(node *yaml.Node, target reflect.Value, list *List) {
	want := wantName(target)
	if !d.scalar(node, want, list) {
		return
	}
	var err error
	switch {
	case target.Type() == durationType:
		var duration time.Duration
		duration, err = time.ParseDuration(node.Value)
		if err == nil && duration < 0 {
			err = strconv.ErrRange
		}
		target.SetInt(int64(duration))
	case target.Kind() == reflect.String:
		target.SetString(node.Value)
	case target.Kind() == reflect.Bool:
		var value bool
		value, err = strconv.ParseBool(node.Value)
		target.SetBool(value)
	case target.CanInt():
		var value int64
		value, err = strconv.ParseInt(node.Value, 10, target.Type().Bits())
		target.SetInt(value)
	case target.CanUint():
		var value uint64
		value, err = strconv.ParseUint(node.Value, 10, target.Type().Bits())
		target.SetUint(value)
	case target.CanFloat():
		var value float64
		value, err = strconv.ParseFloat(node.Value, 64)
		target.SetFloat(value)
	default:
		panic("problem: cannot decode into " + target.Type().String())
	}
	if err != nil {
		*list = append(*list, d.At(node, "%q is not %s", node.Value, want))
	}
}

func wantName(target reflect.Value) string {
	switch {
	case target.Type() == durationType:
		return `a duration such as "30s" or "20m"`
	case target.Kind() == reflect.Bool:
		return "true or false"
	case target.CanInt(), target.CanUint():
		return "a whole number"
	case target.CanFloat():
		return "a number"
	}
	return "a single value"
}

func kindName(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "a mapping"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case node.Tag == "!!null":
		return "nothing"
	}
	return "a single value"
}
