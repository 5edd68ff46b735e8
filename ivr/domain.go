package ivr

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"careline/phi"
	"careline/phi/identifier"
)

// domain is what a value may be on some call, as far as the flows tell.
type domain struct {
	// values are all that it may be, typed as conditions see them; of an open one,
	// those that are known.
	values []any
	// open: it may be anything else besides.
	open bool
	// lengths of what a caller keys in; 0 is nothing yet.
	lengths []int
}

// add notes a value once.
func (d *domain) add(value any) {
	if !slices.Contains(d.values, value) {
		d.values = append(d.values, value)
	}
}

// domains gives what each variable, and each value that Careline gives, may be on
// some call. What is written in one flow may be read in another, so all are taken
// together; a variable that isn't set yet has its kind's zero.
func (s *Set) domains() map[string]*domain {
	all := map[string]*domain{}
	of := func(name string) *domain {
		if all[name] == nil {
			all[name] = &domain{}
			if name == "reason" {
				all[name].add("")
			} else if kind, known := s.variables[name]; known && kind != keyedVariable {
				all[name].add(kind.typed(""))
			}
		}
		return all[name]
	}
	given := func(a assignment) {
		d := of(a.name)
		kind := s.variables[a.name] // text, if there is none: reason
		if a.expression == nil && kind != keyedVariable {
			d.add(kind.typed(a.text))
		} else {
			d.open = true
		}
	}
	of("reason")
	for name := range s.variables {
		of(name)
	}
	attempts, languages := 0, []string(nil)
	for _, f := range s.sorted() {
		languages = append(languages, f.languages...)
		for name := range f.takes {
			of(name).open = of(name).open || !s.calls(f)
		}
		for _, step := range f.steps {
			switch a := step.action.(type) {
			case nil:
			case *setAction:
				for _, value := range a.values {
					given(value)
				}
			case *callAction:
				for _, value := range a.with {
					given(value)
				}
				for _, b := range a.into {
					of(b.mine).open = true
				}
			case *collectAction:
				if a.read != nil {
					of(a.into).lengths = append(of(a.into).lengths, identifier.MBIPlaces)
				} else if !a.zip {
					for n := a.min; n <= a.max; n++ {
						of(a.into).lengths = append(of(a.into).lengths, n)
					}
				}
			default:
				if verify, ok := a.(*verifyAction); ok {
					attempts = max(attempts, verify.attempts)
				}
				for _, t := range a.touches() {
					if t.how == assigned {
						of(t.value).open = true
					}
				}
			}
		}
	}
	s.builtInDomains(all, attempts, languages)
	for name, kind := range s.variables {
		all[name].kept(kind)
	}
	return all
}

// calls reports whether some flow calls another.
func (s *Set) calls(called *flow) bool {
	for _, f := range s.flows {
		for _, step := range f.steps {
			if a, ok := step.action.(*callAction); ok && a.to.flow == called.name {
				return true
			}
		}
	}
	return false
}

// kept ends a variable's domain by its kind: a truth is one of two, and what is keyed
// in has one of some lengths.
func (d *domain) kept(kind variableKind) {
	switch kind {
	case truthVariable:
		if d.open {
			d.values, d.open = []any{false, true}, false
		}
	case keyedVariable:
		d.lengths = append(d.lengths, 0)
		for n := 1; n <= MaxDigits && d.open; n++ {
			d.lengths = append(d.lengths, n)
		}
		slices.Sort(d.lengths)
		d.lengths, d.open = slices.Compact(d.lengths), false
	}
}

// builtInDomains adds what Careline itself gives conditions.
func (s *Set) builtInDomains(all map[string]*domain, attempts int, languages []string) {
	texts := func(name string, values ...string) {
		all[name] = &domain{}
		for _, value := range values {
			all[name].add(value)
		}
	}
	slices.Sort(languages)
	texts("language", languages...)
	texts("state", append([]string{""}, s.environment.States...)...)
	texts("flow", s.Flows()...)
	texts("caller.attestation", string(AttestationNone), string(AttestationFull), string(AttestationPartial), string(AttestationGateway), string(AttestationRefuted))
	texts(callerRole, append([]string{""}, roleNames()...)...)
	all["verified"] = &domain{values: []any{false, true}}
	all["locked_out"] = &domain{values: []any{false, true}}
	all["attempts"] = &domain{}
	for n := range attempts + 1 {
		all["attempts"].add(n)
	}
}

// representatives are values of a domain enough to tell all conditions apart that
// compare it with some literals; whole asks for each.
func (d *domain) representatives(literals []any, whole bool) []any {
	if d.lengths != nil {
		return d.entries(literals)
	}
	if !d.open {
		if whole || len(d.values) <= len(literals)+1 {
			return d.values
		}
		few, other := []any(nil), false
		for _, value := range d.values {
			if slices.Contains(literals, value) || !other {
				other = other || !slices.Contains(literals, value)
				few = append(few, value)
			}
		}
		return few
	}
	around := &domain{values: slices.Clone(d.values)}
	for _, literal := range literals {
		if whole, ok := literal.(int); ok && d.money() {
			literal = float64(whole)
		}
		for _, near := range neighbours(literal) {
			around.add(near)
		}
	}
	return around.values
}

// money reports whether a domain is of amounts.
func (d *domain) money() bool {
	return slices.ContainsFunc(d.values, func(value any) bool { _, ok := value.(float64); return ok })
}

// neighbours are a literal and what is next to it on either side: what lies between
// two literals is told apart from both by one of them.
func neighbours(literal any) []any {
	const cent = 0.005
	switch l := literal.(type) {
	case int:
		return []any{l - 1, l, l + 1}
	case float64:
		return []any{l - cent, l, l + cent}
	case string:
		return []any{l, l + "\x00"}
	}
	return []any{literal}
}

// entries are what a caller may have keyed in: those that conditions ask for, and
// another of each length.
func (d *domain) entries(literals []any) []any {
	var all []any
	asked := map[string]bool{}
	for _, literal := range literals {
		if text, ok := literal.(string); ok && !asked[text] {
			asked[text] = true
			if slices.Contains(d.lengths, len(text)) && strings.Trim(text, entryKeys) == "" {
				all = append(all, keyedAnswer{phi.NewDigits(text)})
			}
		}
	}
	for _, n := range d.lengths {
		text := strings.Repeat("0", n)
		for next := 1; asked[text] && n > 0 && len(strconv.Itoa(next)) <= n; next++ {
			text = strings.Repeat("0", n-len(strconv.Itoa(next))) + strconv.Itoa(next)
		}
		if !asked[text] {
			all = append(all, keyedAnswer{phi.NewDigits(text)})
		}
	}
	return all
}

// written lists the texts of a domain for people; false if there are too many.
func (d *domain) written() (string, bool) {
	const most = 12
	var texts []string
	for _, value := range d.values {
		if text, ok := value.(string); ok && text != "" {
			texts = append(texts, strconv.Quote(text))
		} else if number, ok := value.(int); ok {
			texts = append(texts, strconv.Itoa(number))
		}
	}
	slices.Sort(texts)
	return strings.Join(texts, ", "), len(texts) > 0 && len(texts) <= most
}

// named gives a domain's texts, for those who misspell one.
func (d *domain) named() []string {
	var texts []string
	for _, value := range d.values {
		if text, ok := value.(string); ok && text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// valuations calls visit with each way to give some names one of their values, until
// it says false; false if there are more ways than most.
func valuations(choices map[string][]any, most int, visit func(map[string]any)) bool {
	names, ways := slices.Sorted(maps.Keys(choices)), 1
	for _, name := range names {
		if ways *= len(choices[name]); ways > most || ways == 0 {
			return false
		}
	}
	for way := range ways {
		values := make(map[string]any, len(names))
		for _, name := range names {
			values[name] = choices[name][way%len(choices[name])]
			way /= len(choices[name])
		}
		visit(values)
	}
	return true
}
