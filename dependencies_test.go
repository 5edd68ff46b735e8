package careline_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// requirement is a module that go.mod names, directly or not.
var requirement = regexp.MustCompile(`(?m)^\t([a-z0-9.]+\.[a-z]+/\S+) v\S+`)

var pageRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\| [^|]+ \\|$")

func TestEachDependencyHasItsLine(t *testing.T) {
	read := func(path string) string {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	page, _, found := strings.Cut(read("docs/dependencies.md"), "## Tools")
	if !found {
		t.Fatal("the page has no part for tools")
	}
	written := map[string]bool{}
	for _, row := range pageRow.FindAllStringSubmatch(page, -1) {
		written[row[1]] = true
	}
	var modules []string
	for _, match := range requirement.FindAllStringSubmatch(read("go.mod"), -1) {
		modules = append(modules, match[1])
	}
	used := map[string]string{}
	for _, one := range packages(t) {
		for _, imports := range [][]string{one.Imports, one.TestImports, one.XTestImports} {
			for _, path := range imports {
				if module := moduleOf(path, modules); module != "" {
					used[module] = one.ImportPath
				}
			}
		}
	}
	if len(used) < 5 {
		t.Fatalf("only %d modules seem to be used", len(used))
	}
	for module, user := range used {
		if !written[module] {
			t.Errorf("docs/dependencies.md has no line for %s, which %s imports", module, user)
		}
	}
	for module := range written {
		if used[module] == "" {
			t.Errorf("docs/dependencies.md has a line for %s, which nothing imports", module)
		}
	}
}

// moduleOf finds the module that a package lives in: the longest that fits.
func moduleOf(path string, modules []string) string {
	longest := ""
	for _, module := range modules {
		if (path == module || strings.HasPrefix(path, module+"/")) && len(module) > len(longest) {
			longest = module
		}
	}
	return longest
}
