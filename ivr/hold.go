package ivr

import (
	"time"

	"gopkg.in/yaml.v3"
)

// holding is what a waiting caller hears.
type holding struct {
	music     string
	musicNode *yaml.Node
	every     time.Duration
	announce  []promptUse // {name: announcePosition} stands for the place in line
}

// announcePosition is the word for the caller's place in line.
const announcePosition = "position"

type holdText struct {
	Music    yaml.Node `yaml:"music"`
	Announce yaml.Node `yaml:"announce"`
	Every    yaml.Node `yaml:"every"`
}

// hold reads what a waiting caller hears: never silence.
func (p *parser) hold(s *step, text holdText) holding {
	h := holding{
		music: text.Music.Value, musicNode: &text.Music,
		announce: p.prompts(&text.Announce),
		every:    p.duration(&text.Every, 0, MinAnnounceEvery, MaxAnnounceEvery),
	}
	if h.music == "" {
		p.add(p.at(s.node, "step %q has no hold music: a waiting caller would hear silence", s.name).Hint("write `hold: {music: calm}`"))
	}
	if (len(h.announce) == 0) != (text.Every.Kind == 0) {
		p.add(p.at(s.node, "step %q must have both \"announce\" and \"every\", or neither", s.name).Hint("write `hold: {music: calm, announce: position, every: 45s}`"))
	}
	return h
}

// waited is a step in which callers wait for a person.
type waited interface {
	held() *holding
	// lined are the queues that it puts callers in.
	lined() []string
}

// held gives what a step's waiting callers hear.
func (h *holding) held() *holding { return h }

func (h *holding) prompts() []promptUse {
	var uses []promptUse
	for _, use := range h.announce {
		if use.name != announcePosition {
			uses = append(uses, use)
			continue
		}
		for _, name := range positionPrompts {
			uses = append(uses, promptUse{name: name, node: use.node})
		}
	}
	return uses
}

// hold is what is heard in a language.
func (h *holding) hold(language string) Hold {
	hold := Hold{Music: h.music, Every: h.every}
	if len(h.announce) > 0 {
		hold.Announce = func(position int) []Prompt { return h.announcement(language, position) }
	}
	return hold
}

func (h *holding) announcement(language string, position int) []Prompt {
	var row []Prompt
	for _, use := range h.announce {
		if use.name == announcePosition {
			row = append(row, speakPosition(language, position)...)
		} else {
			row = append(row, use.in(language))
		}
	}
	return row
}
