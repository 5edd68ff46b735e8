package ivr

import (
	"io/fs"

	"careline/problem"
)

// LoadUnproven is Load for tests of the run's own guard: flows that are whole and that
// nothing is proven of, with what the proofs would have said.
func LoadUnproven(fsys fs.FS, dir string, environment Environment) (*Set, problem.List, error) {
	set, complete, list := read(fsys, dir, environment)
	c := newChecker(set, complete)
	c.link()
	c.references()
	if err := append(list, c.list...).Err(); err != nil {
		return nil, nil, err
	}
	c.list = nil
	c.proofs(set.entries())
	return set, c.list, nil
}
