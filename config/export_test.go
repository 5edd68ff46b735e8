package config

import "io/fs"

// Overlay is the file system that scripts are read from.
func Overlay(folder fs.FS, files map[string][]byte) fs.FS { return overlay{folder, files} }
