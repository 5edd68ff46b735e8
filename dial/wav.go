package dial

import (
	"errors"
	"fmt"
	"os"

	"careline/media"
)

// loadSounds reads the files that a script speaks, before anybody's phone rings.
func loadSounds(script []Step) (map[string][]int16, error) {
	sounds := map[string][]int16{}
	for _, step := range script {
		if step.Verb != Speak || sounds[step.File] != nil {
			continue
		}
		file, err := os.Open(step.File)
		if err != nil {
			return nil, fmt.Errorf("speak: %w", err)
		}
		samples, err := media.ReadWAV(file)
		if err = errors.Join(err, file.Close()); err != nil {
			return nil, fmt.Errorf("speak %s: %w", step.File, err)
		}
		sounds[step.File] = samples
	}
	return sounds, nil
}

// saveWAV writes what was heard. It may be a member's voice: only the owner reads it.
func saveWAV(path string, samples []int16) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("save what was heard: %w", err)
	}
	if err := errors.Join(media.WriteWAV(file, samples), file.Close()); err != nil {
		return fmt.Errorf("save what was heard: %w", err)
	}
	return nil
}
