package config

import (
	"io/fs"
	"sync"
	"time"

	"careline/media"
	"careline/problem"
)

// knownSounds keeps sounds that were read before: a script is read again and again,
// and its prompts hardly ever change. A nil one knows nothing.
type knownSounds struct {
	mu   sync.Mutex
	read map[string]*knownSound
	// pause is the silence that is no file.
	pause *media.Clip
}

// knownSound is a sound as it was read, with what was to be said of it.
type knownSound struct {
	size     int64
	changed  time.Time
	clip     *media.Clip
	problems problem.List
	warnings problem.List
	wanted   bool // since forget
}

func newKnownSounds() *knownSounds { return &knownSounds{read: map[string]*knownSound{}} }

// clip reads a sound, unless its file is as it was.
func (k *knownSounds) clip(r *reader, file string, read func() *media.Clip) *media.Clip {
	if k == nil {
		return read()
	}
	info, err := fs.Stat(r.files, file)
	if err != nil {
		return read()
	}
	k.mu.Lock()
	known := k.read[file]
	k.mu.Unlock()
	if known == nil || known.size != info.Size() || !known.changed.Equal(info.ModTime()) {
		// r is this sound's alone: what it has found is the sound's.
		known = &knownSound{size: info.Size(), changed: info.ModTime(), clip: read(), problems: r.problems, warnings: r.warnings}
	} else {
		r.problems, r.warnings = known.problems, known.warnings
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	known.wanted = true
	k.read[file] = known
	return known.clip
}

// silence gives the pause, made once.
func (k *knownSounds) silence(codecs []media.Codec) *media.Clip {
	made := func() *media.Clip {
		return media.NewSound(make([]int16, int(pauseTime.Seconds()*media.SampleRate)), media.SampleRate).Clip(codecs...)
	}
	if k == nil {
		return made()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pause == nil {
		k.pause = made()
	}
	return k.pause
}

// forget drops what was not wanted since the last time.
func (k *knownSounds) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for file, sound := range k.read {
		if !sound.wanted {
			delete(k.read, file)
		}
		sound.wanted = false
	}
}
