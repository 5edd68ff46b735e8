package config

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// overlay is a folder whose script files are others: those given, and no more.
type overlay struct {
	fs.FS
	files map[string][]byte
}

// ofScript reports whether a file or folder belongs to scripts.
func ofScript(name string) bool {
	folder, _, _ := strings.Cut(name, "/")
	return slices.Contains(scriptFolders, folder) || slices.Contains(scriptSingles, name)
}

func (o overlay) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if !ofScript(name) {
		return o.FS.Open(name)
	}
	if raw, ok := o.files[name]; ok {
		return &memoryFile{name: path.Base(name), size: int64(len(raw)), Reader: bytes.NewReader(raw)}, nil
	}
	if entries := o.entries(name); len(entries) > 0 {
		return &memoryFolder{memoryFile{name: path.Base(name), folder: true, Reader: bytes.NewReader(nil)}, entries}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// entries are the files of a folder, sorted.
func (o overlay) entries(folder string) []fs.DirEntry {
	var entries []fs.DirEntry
	for _, name := range slices.Sorted(maps.Keys(o.files)) {
		if path.Dir(name) == folder {
			entries = append(entries, fs.FileInfoToDirEntry(&memoryFile{name: path.Base(name), size: int64(len(o.files[name]))}))
		}
	}
	return entries
}

// memoryFile is a file that is read, and what is known of it.
type memoryFile struct {
	*bytes.Reader
	name   string
	size   int64
	folder bool
}

func (f *memoryFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *memoryFile) Close() error               { return nil }
func (f *memoryFile) Name() string               { return f.name }
func (f *memoryFile) Size() int64                { return f.size }
func (f *memoryFile) ModTime() time.Time         { return time.Time{} }
func (f *memoryFile) IsDir() bool                { return f.folder }
func (f *memoryFile) Sys() any                   { return nil }

func (f *memoryFile) Mode() fs.FileMode {
	if f.folder {
		return fs.ModeDir | 0o500
	}
	return 0o400
}

// memoryFolder lists its files; fs.ReadDir and fs.WalkDir ask for all at once.
type memoryFolder struct {
	memoryFile
	entries []fs.DirEntry
}

func (f *memoryFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	left := f.entries
	if n > 0 {
		if len(left) == 0 {
			return nil, io.EOF
		}
		left = left[:min(n, len(left))]
	}
	f.entries = f.entries[len(left):]
	return left, nil
}
