package config

import (
	"time"

	"careline/prompts"
)

// speechKeys is how words are spoken that nobody has recorded.
type speechKeys struct {
	Synthesize bool                  `yaml:"synthesize" help:"Words that a flow writes and nobody has recorded are spoken by a synthesiser, once, when they are read. false: they must be recorded."`
	Cache      string                `yaml:"cache" help:"The folder where what was synthesised is kept. Relative to the working directory."`
	Keep       int                   `yaml:"keep" range:"100..100000" help:"Texts kept there; beyond, those that were not used for longest go."`
	Time       time.Duration         `yaml:"time" range:"1s..5m" help:"How long a synthesiser may take for one text."`
	Voices     map[string]voiceKeys  `yaml:"voices" help:"Which voice speaks a language, as en-US. A language that isn't named has flite (en-US) or espeak-ng."`
	Fallback   map[string][]language `yaml:"fallback" help:"For a language, as es-MX, those whose prompts and words are heard where it has none, the nearest first: [es-US]."`
}

type voiceKeys struct {
	Program   string            `yaml:"program" help:"A program on this machine that leaves a WAV."`
	Arguments []string          `yaml:"arguments" help:"Its arguments; %TEXT and %OUT stand for the words and the WAV file."`
	URL       string            `yaml:"url" help:"Instead of a program, the address of a service that is sent the words by POST and answers with a WAV or Opus in Ogg. Redirects are not followed."`
	Body      string            `yaml:"body" help:"What the service is sent; %TEXT stands for the words, quoted if the body is JSON, as in '{\"input\": %TEXT}'. Left out: the words alone."`
	Headers   map[string]string `yaml:"headers" help:"Headers for the service. A value file:PATH is read from that file: keep secrets there."`
}

func speechDefaults() speechKeys {
	return speechKeys{Synthesize: true, Cache: "var/speech", Keep: prompts.DefaultKept, Time: prompts.DefaultTime}
}
