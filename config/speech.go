package config

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"careline/ivr"
	"careline/media"
	"careline/problem"
	"careline/prompts"
)

// checkSpeech finds what is wrong with the section speech.
func (r *reader) checkSpeech(doc *problem.Document, keys speechKeys) {
	section := problem.Get(doc.Root, "speech")
	for _, pair := range problem.Pairs(problem.Get(section, "voices")) {
		voice := keys.Voices[pair.Key.Value]
		r.tag(doc, pair)
		switch {
		case pair.Value.Kind != 0 && (voice.Program == "") == (voice.URL == ""):
			r.add(doc.At(pair.Key, "voice %q has neither or both of program and url", pair.Key.Value).Hint("give one of the two"))
		case voice.Program != "" && !mentions(voice.Arguments, "%OUT"):
			r.add(doc.At(pair.Key, "the arguments of voice %q don't say where the WAV goes", pair.Key.Value).Hint("write %%OUT where the program wants the file's name, and %%TEXT for the words"))
		case voice.Program != "" && !mentions(voice.Arguments, "%TEXT"):
			r.add(doc.At(pair.Key, "the arguments of voice %q don't hold the words", pair.Key.Value).Hint("write %%TEXT where the program wants them"))
		case voice.URL != "":
			r.service(doc, pair, voice)
		}
	}
	for _, pair := range problem.Pairs(problem.Get(section, "fallback")) {
		r.tag(doc, pair)
		for _, other := range keys.Fallback[pair.Key.Value] {
			if string(other) == pair.Key.Value {
				r.add(doc.At(pair.Value, "language %q stands in for itself", other).Hint("name others"))
			}
		}
	}
}

func (r *reader) tag(doc *problem.Document, pair problem.Pair) {
	if !languageTag.MatchString(pair.Key.Value) {
		r.add(doc.At(pair.Key, "%q is not a language with its region", pair.Key.Value).Hint("write it as en-US or es-US"))
	}
}

// service checks a synthesiser that is reached by HTTP.
func (r *reader) service(doc *problem.Document, pair problem.Pair, voice voiceKeys) {
	address, err := url.Parse(voice.URL)
	if err != nil || address.Scheme != "https" && address.Scheme != "http" || address.Host == "" || address.User != nil {
		r.add(doc.At(at(pair.Value, "url"), "voice %q has no address to be reached at", pair.Key.Value).Hint("write it as https://speech.example.net/v1/speak, and secrets under headers"))
	}
	if voice.Body != "" && !strings.Contains(voice.Body, "%TEXT") {
		r.add(doc.At(at(pair.Value, "body"), "the body for voice %q doesn't hold the words", pair.Key.Value).Hint("write %%TEXT where they stand"))
	}
	for _, header := range problem.Pairs(problem.Get(pair.Value, "headers")) {
		if _, err := secret(voice.Headers[header.Key.Value]); err != nil {
			r.add(doc.At(header.Value, "the header %s can't be read from its file: %v", header.Key.Value, err).Hint("put a file there that the server's user may read"))
		}
		if !headerName.MatchString(header.Key.Value) {
			r.add(doc.At(header.Key, "%q is not a header", header.Key.Value).Hint("write its name, such as Authorization"))
		}
	}
}

// headerName is a token (RFC 9110 section 5.6.2) as headers are called.
var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

func mentions(arguments []string, word string) bool {
	return slices.ContainsFunc(arguments, func(argument string) bool { return strings.Contains(argument, word) })
}

// secret is a header's value, or what the file holds that it names.
func secret(value string) (string, error) {
	file, named := strings.CutPrefix(value, "file:")
	if !named {
		return value, nil
	}
	raw, err := os.ReadFile(file)
	return strings.TrimSpace(string(raw)), err
}

// voice speaks a language: the one that speech.voices names for it, or the
// default; nil where nothing is synthesised.
func (s speechKeys) voice(language string) prompts.Voice {
	keys, named := s.Voices[language]
	switch {
	case !s.Synthesize:
		return nil
	case !named:
		return prompts.VoiceOf(language)
	case keys.URL != "":
		headers := map[string]string{}
		for name, value := range keys.Headers {
			headers[http.CanonicalHeaderKey(name)], _ = secret(value) // looked at by check
		}
		return prompts.Service{URL: keys.URL, Body: keys.Body, Headers: headers}
	}
	return prompts.Program{Path: keys.Program, Arguments: keys.Arguments}
}

// cache is where what was synthesised is kept.
func (s speechKeys) cache() prompts.Cache {
	return prompts.Cache{Folder: s.Cache, Voice: s.voice, Time: s.Time, Kept: s.Keep}
}

// fallbacks gives the languages that stand in for others.
func (s speechKeys) fallbacks() map[string][]string {
	all := map[string][]string{}
	for tag, others := range s.Fallback {
		for _, other := range others {
			all[tag] = append(all[tag], string(other))
		}
	}
	return all
}

// standIn lets prompts that a language lacks be those of the language that stands
// in for it.
func (s sounds) standIn(fallback map[string][]string) {
	own := maps.Clone(s.prompts)
	for tag, others := range fallback {
		for _, other := range others {
			for prompt, clip := range own {
				missing := ivr.Prompt{Language: tag, Name: prompt.Name}
				if _, there := s.prompts[missing]; prompt.Language == other && !there {
					s.prompts[missing] = clip
				}
			}
		}
	}
}

// speaker gives words their sound: a recording, or what a synthesiser made of
// them. What it finds is added to the sounds.
func (r *reader) speaker(site siteFile, sounds sounds, codecs []media.Codec) func([]ivr.Text) map[ivr.Prompt]error {
	return func(texts []ivr.Text) map[ivr.Prompt]error {
		var missing []prompts.Text
		for _, text := range texts {
			if _, there := sounds.prompts[text.Prompt]; !there {
				missing = append(missing, prompts.Text{Language: text.Language, Name: text.Name, Words: text.Words})
			}
		}
		cache := site.Speech.cache()
		spoken := cache.Speak(context.Background(), missing)
		var files []string
		for _, one := range spoken {
			if one.Err == nil {
				files = append(files, one.File)
			}
		}
		kept := &reader{files: os.DirFS(cache.Folder), known: r.known}
		clips := kept.sideBySide(files, site.Media.Loudness, codecs)
		faults := map[ivr.Prompt]error{}
		for i, one := range spoken {
			prompt := ivr.Prompt{Language: missing[i].Language, Name: missing[i].Name}
			if one.Err != nil {
				faults[prompt] = one.Err
				continue
			}
			sounds.prompts[prompt], clips = clips[0], clips[1:]
			if sounds.prompts[prompt] == nil {
				faults[prompt] = fmt.Errorf("%s/%s can't be played; remove it", cache.Folder, one.File)
			}
		}
		return faults
	}
}
