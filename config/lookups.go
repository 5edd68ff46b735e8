package config

import (
	"fmt"
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"

	"careline/lookup"
	"careline/problem"
)

const (
	lookUpsName = "lookups.yaml"
	// maxLookUps bounds a script's look-ups.
	maxLookUps = 500
)

// lookUps reads lookups.yaml, which may be left out, against the services.
func (r *reader) lookUps(services []lookup.Service) map[string]*lookup.Definition {
	if !r.exists(lookUpsName) {
		return nil
	}
	doc := r.document(lookUpsName)
	if doc == nil {
		return nil
	}
	var file lookUpsFile
	before := len(r.problems)
	r.problems.Add(doc.File, doc.Decode(doc.Root, &file))
	if len(r.problems) > before {
		return nil
	}
	all := map[string]*lookup.Definition{}
	for _, pair := range problem.Pairs(at(doc.Root, "look_ups")) {
		if d := r.lookUp(doc, pair, file.LookUps[pair.Key.Value], services); d != nil {
			all[pair.Key.Value] = d
		}
	}
	if n := len(file.LookUps); n > maxLookUps {
		r.add(doc.At(at(doc.Root, "look_ups"), "there are %d look-ups", n).Hint("at most %d are read", maxLookUps))
	}
	return all
}

func (r *reader) lookUp(doc *problem.Document, pair problem.Pair, keys lookUpKeys, services []lookup.Service) *lookup.Definition {
	text := lookup.Text{
		Service: keys.Service, Purpose: keys.Purpose, Public: keys.Public, With: keys.With,
		Get: keys.Get, Post: keys.Post, Query: keys.Query, Form: keys.Form, Search: keys.Search, By: keys.By, Read: keys.Read,
		Into: map[string]lookup.FieldText{}, Keep: keys.Keep, Retries: keys.Retries,
	}
	if keys.Body.Kind != 0 {
		text.Body = plain(&keys.Body)
	}
	for name, field := range keys.Into {
		text.Into[name] = lookup.FieldText{Path: field.Path, As: field.As, Otherwise: field.Otherwise}
	}
	d, faults := lookup.Compile(pair.Key.Value, text)
	for _, fault := range faults {
		place := pair.Key
		if len(fault.At) > 0 {
			place = at(pair.Value, fault.At...)
		}
		r.add(doc.At(place, "%s", fault.Message).Hint("%s", fault.Advice))
	}
	names := make([]string, len(services))
	for i, service := range services {
		names[i] = service.Name
	}
	switch i := slices.Index(names, keys.Service); {
	case keys.Service == "":
	case i < 0:
		r.add(unknown(doc, at(pair.Value, "service"), "a service of "+servicesName, keys.Service, names))
	case d != nil && d.FHIR() && !services[i].FHIR:
		r.add(doc.At(at(pair.Value, "service"), "service %q is no FHIR server, and so has nothing to search or read", keys.Service).
			Hint("write kind: fhir in %s, or ask by get or post", servicesName))
	}
	return d
}

// plain gives YAML as JSON has it: names with values, lists, texts, numbers,
// truths and nothing.
func plain(node *yaml.Node) any {
	switch node.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for _, pair := range problem.Pairs(node) {
			object[pair.Key.Value] = plain(pair.Value)
		}
		return object
	case yaml.SequenceNode:
		items := make([]any, len(node.Content))
		for i, item := range node.Content {
			items[i] = plain(item)
		}
		return items
	}
	switch node.Tag {
	case "!!int", "!!float":
		if number, err := strconv.ParseFloat(node.Value, 64); err == nil && fmt.Sprint(number) == node.Value {
			return number
		}
	case "!!bool":
		if node.Value == "true" || node.Value == "false" {
			return node.Value == "true"
		}
	case "!!null":
		return nil
	}
	return node.Value
}
