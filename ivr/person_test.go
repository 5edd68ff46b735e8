package ivr_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"careline/ivr"
)

// within loads flows for a site where a person must be so many keys away.
func within(keys int, files map[string]string) error {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys["flows/"+name+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	environment := smallEnvironment("")
	environment.PersonWithin = keys
	_, err := ivr.Load(fsys, "flows", environment)
	return err
}

// deep is three menus, the last of which leads to people.
const deep = head + "  a: {menu: main, choices: {\"1\": b}, no_input: a}\n  b: {menu: main, choices: {\"22\": c, \"#\": a}, no_input: b}\n" +
	"  c: {menu: main, choices: {\"3\": people}, no_input: b}\n" + toPeople

func TestKeysToAPersonAreCountedAsTheyArePressed(t *testing.T) {
	for keys, refused := range map[int]bool{0: false, 1: true, 2: true, 3: true, 4: false} {
		if err := within(keys, map[string]string{"t": deep}); (err != nil) != refused {
			t.Errorf("4 keys to a person, where %d are allowed: %v", keys, err)
		}
	}
	if err := within(1, map[string]string{"t": "person_within: 4\n" + deep}); err != nil {
		t.Errorf("the flow's own limit doesn't count: %v", err)
	}
	if err := within(4, map[string]string{"t": "person_within: 3\n" + deep}); err == nil {
		t.Error("the flow's own limit doesn't count where it is lower")
	}
	if err := within(1, map[string]string{"t": strings.Replace(deep, "steps:", "handlers: {\"0\": people}\nsteps:", 1)}); err != nil {
		t.Errorf("a handler is one key: %v", err)
	}
}

// TestAPersonIsLookedForWhereASubFlowReturnsTo: the same question is near a person
// for one flow that calls it, and far for another.
func TestAPersonIsLookedForWhereASubFlowReturnsTo(t *testing.T) {
	sub := strings.Replace(head, "flow: t", "flow: u", 1) + "  q: {menu: main, choices: {\"1\": y}, no_input: q}\n  y: {return: done}\n"
	sub = strings.Replace(sub, "start: a", "start: q", 1)
	near := head + "  a: {call: u, next: people}\n" + toPeople
	far := strings.Replace(head, "flow: t", "flow: f", 1) + "  a: {call: u, next: b}\n  b: {menu: main, choices: {\"1\": c, \"2\": c}, no_input: b}\n" +
		"  c: {menu: main, choices: {\"1\": people}, no_input: c}\n" + toPeople
	if err := within(2, map[string]string{"t": near, "u": sub}); err != nil {
		t.Errorf("one key to a person: %v", err)
	}
	err := within(2, map[string]string{"t": near, "u": sub, "f": far})
	const want = `flows/u.yaml:5:3: from step "q" a person is 3 keys away, by q (choice "1") → y → f: b (choice "1") → c (choice "1") → people; ` +
		`at most 2 are pressed: let a key, or pressing nothing, lead there sooner, as handlers: {"0": person} does in all menus; person_within allows more`
	if err == nil || err.Error() != want {
		t.Errorf("read\n\t%v\nwant\n\t%s", err, want)
	}
}
