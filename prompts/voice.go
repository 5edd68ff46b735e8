package prompts

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Voice makes speech of text. Its Name goes into the hash of each prompt, so a
// change of voice renders everything anew.
type Voice struct {
	// Name says program, voice and settings.
	Name string
	// Program and Arguments; %TEXT and %OUT stand for the words and the WAV file.
	Program   string
	Arguments []string
	// Package of Debian that has the program.
	Package string
}

// Voices for the languages of the demo, by language tag. English is flite's slt,
// a voice made from a person's recordings; it sounds warmer than the formant
// synthesis that Spanish, which flite doesn't speak, has to make do with.
func Voices() map[string]Voice {
	return map[string]Voice{
		"en-US": {
			Name: "flite slt, stretch 1.06", Program: "flite", Package: "flite",
			Arguments: []string{"-voice", "slt", "--setf", "duration_stretch=1.06", "-t", "%TEXT", "-o", "%OUT"},
		},
		"es-US": {
			Name: "espeak-ng es-419+f2, speed 148, pitch 46", Program: "espeak-ng", Package: "espeak-ng",
			Arguments: []string{"-v", "es-419+f2", "-s", "148", "-p", "46", "-g", "2", "-w", "%OUT", "--", "%TEXT"},
		},
	}
}

// speak renders words to an 8 kHz mono WAV. The band is that of the telephone
// (ITU-T G.712: 300 to 3400 Hz), with a low end left in for warmth.
func (v Voice) speak(ctx context.Context, words, folder string) (path string, err error) {
	raw, out := filepath.Join(folder, "raw.wav"), filepath.Join(folder, "out.wav")
	arguments := make([]string, len(v.Arguments))
	for i, argument := range v.Arguments {
		arguments[i] = strings.NewReplacer("%TEXT", words, "%OUT", raw).Replace(argument)
	}
	if err := run(ctx, v.Package, v.Program, arguments...); err != nil {
		return "", err
	}
	effects := []string{"-D", raw, "-b", "16", "-c", "1", out, "gain", "-6"}
	effects = append(effects, "highpass", "120", "equalizer", "250", "1.0q", "+2", "lowpass", "3500", "rate", "-v", "8000")
	return out, run(ctx, "sox", "sox", effects...)
}

func run(ctx context.Context, pkg, program string, arguments ...string) error {
	output, err := exec.CommandContext(ctx, program, arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w (Debian's package %s has it): %s", program, err, pkg, strings.TrimSpace(string(output)))
	}
	return nil
}
