package config

import "os"

// Control is the path of the control socket of the server that runs on a folder. It
// reads careline.yaml alone, so that it works while a flow there is being mended.
func Control(dir string) (string, error) {
	site, err := siteAlone(dir)
	return site.settings().Control, err
}

// siteAlone reads careline.yaml alone, and checks nothing beyond its spelling.
func siteAlone(dir string) (siteFile, error) {
	r := &reader{dir: dir, files: os.DirFS(dir), raw: map[string][]byte{}}
	site := defaults()
	if doc := r.document("careline.yaml"); doc != nil {
		r.problems.Add(doc.File, doc.Decode(doc.Root, &site))
	}
	return site, inFolder(dir, r.problems).Err()
}
