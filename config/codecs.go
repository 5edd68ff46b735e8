package config

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/acd"
	"careline/call"
	"careline/media"
	"careline/problem"
)

// codec is an audio codec by name.
type codec struct{ media.Codec }

func (c *codec) UnmarshalText(text []byte) error {
	c.Codec = media.ParseCodec(string(text))
	if c.Codec != media.CodecNone {
		return nil
	}
	var names []string
	for _, one := range media.Codecs() {
		names = append(names, one.String())
	}
	if near := problem.Nearest(string(text), names); near != "" {
		return fmt.Errorf("%q is not a codec; did you mean %q?", text, near)
	}
	return fmt.Errorf("%q is not a codec; it is one of %s", text, strings.Join(names, ", "))
}

// opusKeys are how Opus is spoken.
type opusKeys struct {
	Bitrate int  `yaml:"bitrate" range:"6000..64000" help:"Bits a second, without headers."`
	FEC     bool `yaml:"fec" help:"Each packet also carries a coarse copy of the one before it, so that single losses aren't heard (in-band forward error correction)."`
	DTX     bool `yaml:"dtx" help:"Silence is hardly sent (discontinuous transmission), which spares a bad network."`
}

func opusDefaults() opusKeys { return opusKeys{Bitrate: media.OpusBitrate, FEC: true, DTX: true} }

func (k opusKeys) parameters() media.OpusParameters {
	return media.OpusParameters{FEC: k.FEC, DTX: k.DTX, Bitrate: k.Bitrate}
}

func defaultCodecs() []codec {
	var list []codec
	for _, one := range media.DefaultCodecs() {
		list = append(list, codec{one})
	}
	return list
}

func codecsOf(list []codec) []media.Codec {
	var all []media.Codec
	for _, one := range list {
		all = append(all, one.Codec)
	}
	return all
}

func isG711(c media.Codec) bool { return c == media.PCMU || c == media.PCMA }

// browsersLack reports a codec that no browser speaks.
func browsersLack(c media.Codec) bool { return c == media.L16 }

// codecs checks the lists of careline.yaml.
func (r *reader) codecs(doc *problem.Document, keys mediaKeys) {
	for _, list := range []struct {
		key    string
		codecs []codec
	}{{"codecs", keys.Codecs}, {"desk_codecs", keys.DeskCodecs}} {
		node := at(doc.Root, "media", list.key)
		if len(list.codecs) == 0 {
			r.add(doc.At(node, "media.%s is empty: no call could have sound", list.key).Hint("leave it out for [PCMU, PCMA]"))
		}
		for i, one := range list.codecs {
			if slices.Contains(list.codecs[:i], one) {
				r.add(doc.At(item(node, i), "%s stands in media.%s twice", one, list.key).Hint("keep it where it is preferred, once"))
			}
		}
	}
	if len(keys.Codecs) > 0 && !slices.ContainsFunc(keys.Codecs, func(c codec) bool { return isG711(c.Codec) }) {
		r.warn(doc.At(at(doc.Root, "media", "codecs"), "media.codecs has neither PCMU nor PCMA, which is all that most carriers and many phones speak: their calls would be refused").
			Hint("put PCMU and PCMA last"))
	}
	for i, one := range keys.DeskCodecs {
		if browsersLack(one.Codec) {
			r.add(doc.At(item(at(doc.Root, "media", "desk_codecs"), i), "no browser speaks %s", one).Hint("use opus or G722 for wideband sound"))
		}
	}
}

// agentCodec checks an agent's own codec.
func (r *reader) agentCodec(doc *problem.Document, node *yaml.Node, c codec) {
	if browsersLack(c.Codec) {
		r.add(doc.At(at(node, "codec"), "no browser speaks %s", c).Hint("use opus on a bad network, G722 or opus for wideband sound"))
	}
}

// spoken are all codecs that some leg may speak: what clips are held in.
func spoken(keys mediaKeys, people []person) []media.Codec {
	all := append(codecsOf(keys.Codecs), codecsOf(keys.DeskCodecs)...)
	for _, who := range people {
		if who.codec != media.CodecNone {
			all = append(all, who.codec)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// agentCodecs are what each agent's legs may speak: the agent's own codec before
// those of everyone.
func agentCodecs(keys mediaKeys, people []person) map[acd.AgentID]call.AgentCodecs {
	first := func(own media.Codec, others []codec) []media.Codec {
		list := codecsOf(others)
		if own == media.CodecNone {
			return list
		}
		list = slices.DeleteFunc(list, func(c media.Codec) bool { return c == own })
		return append([]media.Codec{own}, list...)
	}
	all := map[acd.AgentID]call.AgentCodecs{}
	for _, who := range people {
		all[who.ID] = call.AgentCodecs{Browser: first(who.codec, keys.DeskCodecs), Phone: first(who.codec, keys.Codecs)}
	}
	return all
}
