package config

import (
	"slices"
	"strings"
	"testing"

	"careline/media"
	"careline/problem"
)

func TestCodecsThatCannotBeSpoken(t *testing.T) {
	demo := inMemory(t)
	for _, c := range []struct {
		name, text, want string
	}{
		{"a name misspelt", "codecs: [PCMU, PCMX]", `careline.yaml:18:18: "PCMX" is not a codec; did you mean "PCMA"?`},
		{"a codec of others", "codecs: [G729]", `"G729" is not a codec`},
		{"none", "codecs: []", `media.codecs is empty: no call could have sound; leave it out for [PCMU, PCMA]`},
		{"one twice", "codecs: [PCMU, G722, PCMU]", `PCMU stands in media.codecs twice; keep it where it is preferred, once`},
		{"one that no browser has", "desk_codecs: [PCMU, L16]", `no browser speaks L16; use opus or G722 for wideband sound`},
		{"a bitrate of music", "opus: {bitrate: 128000}", `bitrate is 128000, which is out of bounds; from 6000 to 64000 is allowed`},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := changed(t, demo, []string{"careline.yaml", "  timeout: 30s\n", "  timeout: 30s\n  " + c.text + "\n"}, nil).problems.Err()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("read %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAnAgentsCodecThatNoBrowserHas(t *testing.T) {
	demo := inMemory(t)
	err := changed(t, demo, []string{"agents.yaml", "    name: Maria Santos\n", "    name: Maria Santos\n    codec: L16\n"}, nil).problems.Err()
	if want := "agents.yaml:6:12: no browser speaks L16"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("read %v\nwant %s", err, want)
	}
	r := changed(t, demo, []string{
		"agents.yaml", "    name: Maria Santos\n", "    name: Maria Santos\n    codec: opus\n",
		"careline.yaml", "  timeout: 30s\n", "  timeout: 30s\n  codecs: [G722, opus]\n",
	}, nil)
	if err := r.problems.Err(); err != nil {
		t.Error(err)
	}
	if !slices.ContainsFunc(r.warnings, func(p problem.Problem) bool {
		return strings.Contains(p.Error(), "media.codecs has neither PCMU nor PCMA")
	}) {
		t.Errorf("carriers that have G.711 alone: warnings %v", r.warnings)
	}
}

func TestAgentsCodecGoesBeforeThoseOfAll(t *testing.T) {
	people := []person{{codec: media.Opus}, {}}
	people[0].ID, people[1].ID = "maria", "james"
	keys := mediaKeys{Codecs: []codec{{media.G722}, {media.PCMU}}, DeskCodecs: []codec{{media.PCMU}, {media.Opus}}}
	all := agentCodecs(keys, people)
	for _, test := range []struct {
		name      string
		got, want []media.Codec
	}{
		{"maria's browser", all["maria"].Browser, []media.Codec{media.Opus, media.PCMU}},
		{"maria's phone", all["maria"].Phone, []media.Codec{media.Opus, media.G722, media.PCMU}},
		{"james's browser", all["james"].Browser, []media.Codec{media.PCMU, media.Opus}},
	} {
		if !slices.Equal(test.got, test.want) {
			t.Errorf("%s speaks %v", test.name, test.got)
		}
	}
	if got := spoken(keys, people); !slices.Equal(got, []media.Codec{media.PCMU, media.G722, media.Opus}) {
		t.Errorf("clips are held in %v", got)
	}
}
