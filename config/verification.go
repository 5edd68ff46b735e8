package config

import (
	"io/fs"
	"maps"
	"slices"
	"strings"

	"careline/lookup"
	"careline/member"
	"careline/problem"
)

// members loads members.yaml. Its problems never quote a value.
func (r *reader) members(keys verificationKeys) *member.Embedded {
	const file = "members.yaml"
	raw, err := fs.ReadFile(r.files, file)
	if err != nil {
		r.document(file)
		return nil
	}
	r.raw[file] = raw
	directory, err := member.LoadDirectory(file, raw, slices.Collect(maps.Keys(keys.Scopes))...)
	r.problems.Add(file, err)
	if err == nil && directory.Len() == 0 {
		r.warn(problem.Problem{Position: problem.Position{File: file}, Message: "there is no member: nobody can be verified"}.
			Hint("add one, as in config/demo"))
	}
	return directory
}

// providers loads providers.yaml, which may be left out: nil then. Its problems never
// quote a value.
func (r *reader) providers() *member.EmbeddedProviders {
	const file = "providers.yaml"
	if !r.exists(file) {
		return nil
	}
	raw, err := fs.ReadFile(r.files, file)
	if err != nil {
		r.document(file)
		return nil
	}
	r.raw[file] = raw
	directory, err := member.LoadProviders(file, raw)
	r.problems.Add(file, err)
	return directory
}

// told checks the names of what providers and representatives may be told.
func (r *reader) told(doc *problem.Document, keys verificationKeys, lookUps map[string]*lookup.Definition) {
	known := slices.Collect(maps.Keys(member.Facts()))
	for name := range lookUps {
		known = append(known, member.LookUpPrefix+name)
	}
	slices.Sort(known)
	section := at(doc.Root, "verification")
	check := func(path []string, names []string) {
		for i, name := range names {
			if slices.Contains(known, name) {
				continue
			}
			node := at(section, path...)
			if node != nil && i < len(node.Content) {
				node = node.Content[i]
			}
			r.add(unknown(doc, node, "what callers are told", name, known))
		}
	}
	check([]string{"provider_may"}, keys.ProviderMay)
	for _, scope := range slices.Sorted(maps.Keys(keys.Scopes)) {
		if scope == member.ScopeAll || strings.TrimSpace(scope) == "" {
			r.add(doc.At(at(section, "scopes"), "%q can't name a scope", scope).Hint("choose a word of your own: all is every fact already"))
		}
		check([]string{"scopes", scope}, keys.Scopes[scope])
	}
}
