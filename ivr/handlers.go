package ivr

import (
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// handlerRepeat asks a menu's question again.
const handlerRepeat = "repeat"

var handlerKey = regexp.MustCompile(`^[0-9*#]$`)

// handler is a key that means the same in all menus of a flow: "0" for a person, "*" to
// hear the choices again.
type handler struct {
	key    string
	node   *yaml.Node
	target *yaml.Node
	// repeats: it leads nowhere, and the question is asked again.
	repeats bool
}

// handlers reads a flow's, once its steps are known, and gives them to its menus. A menu
// whose own choices begin with a key, or that says `handlers: false`, goes without.
func (p *parser) handlers(node *yaml.Node) {
	var all []handler
	p.mapping(node, "handlers", `handlers: {"0": person, "*": repeat}`)
	for _, pair := range problem.Pairs(node) {
		h := handler{key: pair.Key.Value, node: pair.Key, target: pair.Value}
		switch {
		case !handlerKey.MatchString(h.key):
			p.add(p.at(pair.Key, "handler %q can't be keyed in", h.key).Hint("a handler is one key, 0-9, * or #, in quotes"))
			continue
		case pair.Value.Kind != yaml.ScalarNode || pair.Value.Value == "":
			p.add(p.at(pair.Value, "handler %q leads nowhere", h.key).Hint("name a step, or write %q to have the question asked again", handlerRepeat))
			continue
		}
		to := p.flow.byName[h.target.Value]
		if h.repeats = h.target.Value == handlerRepeat && to == nil; !h.repeats && (to == nil || to.inline) {
			p.add(p.at(h.target, "handler %q goes to %q, which no step is called", h.key, h.target.Value).Hint("%s", didYouMean(h.target.Value, append(p.flow.named(), handlerRepeat), "the steps are ")))
			continue
		}
		all = append(all, h)
	}
	for _, h := range all {
		if !p.handle(h) {
			p.add(p.at(h.node, "no menu of the flow has room for handler %q", h.key).Hint("each has a choice of its own that begins with it, or keeps handlers out; remove it"))
		}
	}
}

// handle gives a handler to every menu that takes it; false if none does.
func (p *parser) handle(h handler) (taken bool) {
	for _, s := range p.flow.steps {
		menu, ok := s.action.(*menuAction)
		if !ok || menu.alone {
			continue
		}
		if own := menu.beginning(h.key); own != "" {
			p.shadowed(s, menu, h, own)
			continue
		}
		taken = true
		menu.keys = append(menu.keys, h.key)
		if h.repeats {
			menu.repeats = h.key
			continue
		}
		menu.choices[h.key] = &edge{via: `handler "` + h.key + `"`, target: h.target.Value, node: h.target, kind: chosen}
	}
	return taken
}

// beginning gives a choice of the menu that begins with a key, the key itself before
// others; empty for none.
func (a *menuAction) beginning(key string) string {
	if slices.Contains(a.keys, key) {
		return key
	}
	for _, own := range a.keys {
		if strings.HasPrefix(own, key) {
			return own
		}
	}
	return ""
}

// shadowed finds a choice that takes a handler's key away and gives it no meaning of
// its own: it is longer, and whoever presses the key alone isn't understood.
func (p *parser) shadowed(s *step, menu *menuAction, h handler, own string) {
	if own != h.key {
		p.add(p.at(menu.written[own], "choice %q of menu %q keeps handler %q out: a caller who presses %s alone is not understood", own, s.name, h.key, h.key).
			Hint("let the choice begin with another key, or give the menu a choice %q of its own", h.key))
	}
}

// named are the names of the flow's steps, inline ones left out.
func (f *flow) named() []string {
	var names []string
	for _, s := range f.steps {
		if !s.inline {
			names = append(names, s.name)
		}
	}
	return names
}
