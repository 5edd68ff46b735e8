package prompts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"careline/media"
)

// Voice is a synthesiser that speaks with one voice.
type Voice interface {
	// Name says engine, voice and settings. It goes into the hash of each prompt, so
	// that a change of voice renders everything anew.
	Name() string
	// Speak makes speech of words. What it returns is neither trimmed nor leveled.
	Speak(ctx context.Context, words string) (media.Sound, error)
}

// longestSpeech bounds what a synthesiser may make of one text.
const longestSpeech = 5 * time.Minute

// Program is a synthesiser on this machine: it is started for each text, and
// leaves a WAV.
type Program struct {
	// Label is the voice's name; empty: the program with its arguments.
	Label string
	// Path is the program; in Arguments, %TEXT and %OUT stand for the words and the
	// WAV file.
	Path      string
	Arguments []string
	// Package of Debian that has the program; may be empty.
	Package string
}

// Voices speak the demo's languages, by language tag. English is flite's slt, a voice
// made from a person's recordings; it sounds warmer than the formant synthesis
// that Spanish, which flite doesn't speak, has to make do with.
func Voices() map[string]Voice {
	return map[string]Voice{
		"en-US": Program{
			Label: "flite slt, stretch 1.06", Path: "flite", Package: "flite",
			Arguments: []string{"-voice", "slt", "--setf", "duration_stretch=1.06", "-t", "%TEXT", "-o", "%OUT"},
		},
		"es-US": spanish(),
	}
}

func spanish() Voice {
	return Program{
		Label: "espeak-ng es-419+f2, speed 148, pitch 46", Path: "espeak-ng", Package: "espeak-ng",
		Arguments: []string{"-v", "es-419+f2", "-s", "148", "-p", "46", "-g", "2", "-w", "%OUT", "--", "%TEXT"},
	}
}

// VoiceOf is the voice that a language has where nobody names one.
func VoiceOf(language string) Voice {
	if voice, ok := Voices()[language]; ok {
		return voice
	}
	primary, _, _ := strings.Cut(language, "-")
	switch primary {
	case "es":
		return spanish()
	case "zh":
		primary = "cmn"
	case "en":
		primary = strings.ToLower(language)
	}
	return Program{
		Label: "espeak-ng " + primary + ", speed 148", Path: "espeak-ng", Package: "espeak-ng",
		Arguments: []string{"-v", primary, "-s", "148", "-w", "%OUT", "--", "%TEXT"},
	}
}

// Name implements Voice.
func (p Program) Name() string {
	if p.Label != "" {
		return p.Label
	}
	return strings.Join(append([]string{p.Path}, p.Arguments...), " ")
}

// Speak implements Voice. The words are an argument, which others on the machine can
// see: they are the same for every caller, and never hold what a caller said.
func (p Program) Speak(ctx context.Context, words string) (media.Sound, error) {
	folder, err := os.MkdirTemp("", "careline-speech-")
	if err != nil {
		return media.Sound{}, err
	}
	defer os.RemoveAll(folder)
	out := filepath.Join(folder, "out.wav")
	arguments := make([]string, len(p.Arguments))
	for i, argument := range p.Arguments {
		arguments[i] = strings.NewReplacer("%TEXT", words, "%OUT", out).Replace(argument)
	}
	if err := p.run(ctx, arguments); err != nil {
		return media.Sound{}, err
	}
	file, err := os.Open(out)
	if err != nil {
		return media.Sound{}, fmt.Errorf("%s left no sound; let its arguments name %%OUT", p.Path)
	}
	defer file.Close()
	return media.ReadSound(file, longestSpeech)
}

// afterKill is how long a program that was ended may hold on to its output.
const afterKill = time.Second

func (p Program) run(ctx context.Context, arguments []string) error {
	command := exec.CommandContext(ctx, p.Path, arguments...)
	command.WaitDelay = afterKill
	output, err := command.CombinedOutput()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound) && p.Package != "":
		return fmt.Errorf("%w: %s is not installed (it is Debian's package %s)", ErrVoice, p.Path, p.Package)
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%w: %s is not installed", ErrVoice, p.Path)
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", p.Path, ctx.Err())
	}
	if said := strings.TrimSpace(string(output)); said != "" {
		return fmt.Errorf("%s: %w: %.200s", p.Path, err, said)
	}
	return fmt.Errorf("%s: %w", p.Path, err)
}
