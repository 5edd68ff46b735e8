package ivr

import (
	"reflect"
	"testing"
)

// TestEachVerbIsAKeyOfItsText: the verb's own key is a field of the type that
// its steps are decoded into, as are label and whatever else editors complete.
func TestEachVerbIsAKeyOfItsText(t *testing.T) {
	for _, v := range verbs() {
		keys := map[string]bool{}
		for _, field := range reflect.VisibleFields(reflect.TypeOf(v.text)) {
			keys[field.Tag.Get("yaml")] = true
		}
		if !keys[v.name] || !keys["label"] {
			t.Errorf("a step of %s is decoded into %T, which has the keys %v", v.name, v.text, keys)
		}
	}
}
