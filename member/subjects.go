package member

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// subjectLocks lets one verification at a time work on a subject. It holds a
// lock per subject in work, so it is bounded by the verifications in progress.
type subjectLocks struct {
	mu    sync.Mutex
	locks map[string]*subjectLock
}

type subjectLock struct {
	// held has room for one: whoever puts something in holds the lock. A mutex
	// would not let a caller who hung up leave.
	held  chan struct{}
	users int
}

func newSubjectLocks() *subjectLocks { return &subjectLocks{locks: map[string]*subjectLock{}} }

// acquire locks all subjects, always in the order of their names, so that two
// verifications never wait for each other.
func (s *subjectLocks) acquire(ctx context.Context, subjects []subject) (release func(), err error) {
	subjects = slices.Clone(subjects)
	slices.SortFunc(subjects, func(a, b subject) int { return strings.Compare(a.name, b.name) })
	var held []string
	release = func() {
		for _, name := range held {
			s.unlock(name)
		}
	}
	for _, subject := range subjects {
		if err := s.lock(ctx, subject.name); err != nil {
			release()
			return nil, err
		}
		held = append(held, subject.name)
	}
	return release, nil
}

func (s *subjectLocks) lock(ctx context.Context, name string) error {
	s.mu.Lock()
	l := s.locks[name]
	if l == nil {
		l = &subjectLock{held: make(chan struct{}, 1)}
		s.locks[name] = l
	}
	l.users++
	s.mu.Unlock()
	select {
	case l.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		s.leave(name, l)
		return fmt.Errorf("member: verification given up: %w", ctx.Err())
	}
}

func (s *subjectLocks) unlock(name string) {
	s.mu.Lock()
	l := s.locks[name]
	s.mu.Unlock()
	<-l.held
	s.leave(name, l)
}

func (s *subjectLocks) leave(name string, l *subjectLock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(s.locks, name)
	}
}
