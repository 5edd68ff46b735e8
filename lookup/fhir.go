package lookup

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

var (
	errOtherResource = errors.New("its answer is another resource than was asked for")
	errMorePages     = errors.New("it has more than one page, and they can't be counted: ask for fewer, or raise _count")
)

// resources gives the resources that a FHIR answer holds of the type asked for: of
// a read, the one; of a search, the matches of the bundle, in its order (FHIR
// R4, "Bundle" and "search": what was included beside the matches is no match).
func (d *Definition) resources(root any) ([]any, error) {
	if !d.request.search {
		if typeOf(root) != d.request.resource {
			return nil, errOtherResource
		}
		return []any{root}, nil
	}
	bundle, ok := root.(map[string]any)
	if !ok || typeOf(root) != "Bundle" || bundle["type"] != "searchset" {
		return nil, errOtherResource
	}
	var found []any
	entries, _ := bundle["entry"].([]any)
	for _, one := range entries {
		entry, ok := one.(map[string]any)
		if !ok {
			return nil, errOtherResource
		}
		search, _ := entry["search"].(map[string]any)
		mode, _ := search["mode"].(string)
		if (mode == "" || mode == "match") && typeOf(entry["resource"]) == d.request.resource {
			found = append(found, entry["resource"])
		}
	}
	if d.counts() && hasNextPage(bundle) {
		return nil, errMorePages
	}
	return found, nil
}

func (d *Definition) counts() bool {
	for _, f := range d.fields {
		if f.kind == AsCount {
			return true
		}
	}
	return false
}

func hasNextPage(bundle map[string]any) bool {
	links, _ := bundle["link"].([]any)
	return slices.ContainsFunc(links, func(one any) bool {
		link, ok := one.(map[string]any)
		return ok && link["relation"] == "next"
	})
}

func typeOf(resource any) string {
	object, _ := resource.(map[string]any)
	name, _ := object["resourceType"].(string)
	return name
}

// issueCode is a code of FHIR's value set issue-type.
var issueCode = regexp.MustCompile(`^[a-z-]{1,40}$`)

// outcome tells what a FHIR server says of its refusal: the code alone, since
// its words may repeat what was sent.
func (d *Definition) outcome(raw []byte) string {
	root, err := parseJSON(raw)
	if !d.FHIR() || err != nil || typeOf(root) != "OperationOutcome" {
		return ""
	}
	issue := path{{name: "issue", index: -1}, {name: "code", index: -1}}
	for _, one := range issue.find(root) {
		if code, ok := one.(string); ok && issueCode.MatchString(code) {
			return fmt.Sprintf(" (%s)", code)
		}
	}
	return ""
}
