package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// bounds holds what is written in a mapping against the range tags of the
// struct that it was read into: least..most, both allowed. A key that is not
// written has its default, which is within.
func (r *reader) bounds(doc *problem.Document, node *yaml.Node, keys any) {
	r.within(doc, node, reflect.ValueOf(keys))
}

func (r *reader) within(doc *problem.Document, node *yaml.Node, keys reflect.Value) {
	for i := range keys.NumField() {
		field := keys.Type().Field(i)
		written := problem.Get(node, field.Tag.Get("yaml"))
		if written == nil {
			continue
		}
		if field.Type.Kind() == reflect.Struct && written.Kind == yaml.MappingNode {
			r.within(doc, written, keys.Field(i))
			continue
		}
		least, most, bounded := strings.Cut(field.Tag.Get("range"), "..")
		if value := magnitude(keys.Field(i)); bounded && (value < amount(least) || value > amount(most)) {
			r.add(doc.At(written, "%s is %s, which is out of bounds", field.Tag.Get("yaml"), written.Value).
				Hint("from %s to %s is allowed", least, most))
		}
	}
}

// magnitude is a number or a duration, to be compared with a bound.
func magnitude(value reflect.Value) float64 {
	if value.CanFloat() {
		return value.Float()
	}
	if value.CanInt() {
		return float64(value.Int())
	}
	return 0
}

// amount reads a bound: a number, or a duration in nanoseconds.
func amount(text string) float64 {
	if number, err := strconv.ParseFloat(text, 64); err == nil {
		return number
	}
	duration, err := time.ParseDuration(text)
	if err != nil {
		panic(fmt.Sprintf("config: %q bounds nothing", text))
	}
	return float64(duration)
}
