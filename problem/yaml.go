package problem

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// maxDocument bounds one YAML file in bytes: a flow of 60 steps has about 8 KB.
const maxDocument = 1 << 20

// maxProtected is the same for a file of protected values, which has a line per member.
const maxProtected = 64 << 20

// Parse reads one YAML file whose top level is a mapping. Malformed YAML, a
// second document, duplicate keys, keys that are no single value, aliases and
// files over 1 MiB are refused with their position, as a List.
func Parse(file string, raw []byte) (*Document, error) {
	doc := &Document{File: file}
	return doc.parse(raw, maxDocument)
}

// ParseProtected reads a file of protected values, such as members, as Parse
// does, but up to 64 MiB, and no problem that it or Decode finds repeats what
// stands in the file.
func ParseProtected(file string, raw []byte) (*Document, error) {
	doc := &Document{File: file, protected: true}
	return doc.parse(raw, maxProtected)
}

func (d *Document) parse(raw []byte, limit int) (*Document, error) {
	if len(raw) > limit {
		return nil, List{d.At(nil, "the file has %d bytes", len(raw)).Hint("split it: at most %d bytes are read", limit)}
	}
	if err := d.encoding(raw); err != nil {
		return nil, err
	}
	var node, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	if err := decoder.Decode(&node); err != nil && !errors.Is(err, io.EOF) {
		return nil, d.syntax(raw, err)
	}
	if len(node.Content) == 0 {
		return nil, List{d.At(nil, "the file is empty").Hint("start with keys, one per line, as in `name: value`")}
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, List{d.At(&second, "a second document begins here").Hint("put it in a file of its own, and remove the line `---`")}
	case !errors.Is(err, io.EOF):
		return nil, d.syntax(raw, err)
	}
	d.Root = node.Content[0]
	if d.Root.Kind != yaml.MappingNode {
		return nil, List{d.At(d.Root, "the top level is %s", kindName(d.Root)).Hint("start with keys, one per line, as in `name: value`")}
	}
	var list List
	d.walk(d.Root, &list)
	if err := list.Err(); err != nil {
		return nil, err
	}
	return d, nil
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
			if key.Kind != yaml.ScalarNode {
				if key.Kind != yaml.AliasNode {
					*list = append(*list, d.At(key, "here stands %s as a key", kindName(key)).Hint("a key is a single word"))
				}
				continue
			}
			if line, ok := seen[key.Value]; ok {
				*list = append(*list, d.At(key, "%s stands here twice, first on line %d", d.quoted(key.Value), line).Hint("remove one"))
				continue
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
					d.refuse(node, err, list)
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

// refuse passes a type's own words on, unless they may repeat a protected value.
func (d *Document) refuse(node *yaml.Node, err error, list *List) {
	message := err.Error()
	if d.protected {
		message = "this can't be read"
	}
	*list = append(*list, d.At(node, "%s", message))
}

func (d *Document) decodeStruct(node *yaml.Node, target reflect.Value, list *List) {
	if node.Kind != yaml.MappingNode {
		*list = append(*list, d.At(node, "here stands %s where keys with values are expected", kindName(node)).Hint("the keys here are %s", strings.Join(keys(target.Type()), ", ")))
		return
	}
	names, fields := keys(target.Type()), map[string]reflect.Value{}
	for i := range target.NumField() {
		fields[KeyOf(target.Type().Field(i))] = target.Field(i)
	}
	for _, pair := range Pairs(node) {
		field, ok := fields[pair.Key.Value]
		if !ok || pair.Key.Value == "" {
			*list = append(*list, d.At(pair.Key, "%s is not a key here", d.quoted(pair.Key.Value)).Hint("%s", suggest(pair.Key.Value, names)))
			continue
		}
		d.decode(pair.Value, field, list)
	}
}

// KeyOf is the key that fills a field of a struct; "" if none does.
func KeyOf(field reflect.StructField) string {
	tag, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	if tag == "-" {
		return ""
	}
	return tag
}

func keys(of reflect.Type) []string {
	var names []string
	for i := range of.NumField() {
		if key := KeyOf(of.Field(i)); key != "" {
			names = append(names, key)
		}
	}
	return names
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
		*list = append(*list, d.At(node, "here stands %s where names with values are expected", kindName(node)).Hint("write `name: value` below it, or `{name: value}`"))
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
	p := d.At(node, "here stands %s where %s is expected", kindName(node), want)
	if kindName(node) == "nothing" {
		p = p.Hint("write it after the colon, or remove the key")
	}
	*list = append(*list, p)
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
		value, err = parseBool(node.Value)
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
		if err == nil && (math.IsNaN(value) || math.IsInf(value, 0)) {
			err = strconv.ErrRange
		}
		target.SetFloat(value)
	default:
		panic("problem: cannot decode into " + target.Type().String())
	}
	if err != nil {
		*list = append(*list, d.At(node, "%s is not %s", d.quoted(node.Value), want))
	}
}

// parseBool takes what an admin would write; strconv also takes "1" and "T",
// and YAML's "yes" and "off" mean different things to different readers.
func parseBool(text string) (bool, error) {
	if text == "true" || text == "false" {
		return text == "true", nil
	}
	return false, strconv.ErrSyntax
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
