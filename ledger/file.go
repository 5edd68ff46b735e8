package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite" // with its driver, named "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// prepareFile makes the folder (0700) and an empty file (0600), so that SQLite
// never makes one with the umask's mode; the files beside it (-wal, -shm) get
// the same mode from SQLite. A file that others may read is tightened.
func prepareFile(path string) (string, error) {
	if path == "" {
		return "", errors.New("ledger: no path given; set ledger.path")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("ledger: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("ledger %s: making its folder: %w; see ledger.path", path, withoutPath(err))
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", fmt.Errorf("ledger %s: %w; see ledger.path", path, withoutPath(err))
	}
	defer file.Close()
	if err := file.Chmod(0o600); err != nil {
		return "", fmt.Errorf("ledger %s: setting its mode to 0600: %w", path, withoutPath(err))
	}
	return path, nil
}

// lockFile takes the lock that keeps a second server from continuing the same
// chain. It is freed by the kernel when the process ends, however it ends.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger %s: its lock: %w; see ledger.path", path, withoutPath(err))
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s; stop that one, or give this one another ledger.path", ErrInUse, path)
		}
		return nil, fmt.Errorf("ledger %s: its lock: %w", path, err)
	}
	return file, nil
}

func openSQLite(ctx context.Context, path, parameters string, connections int) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	address := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(5000)&_pragma=trusted_schema(0)&_defensive=1&" + parameters
	db, err := sql.Open("sqlite", address)
	if err != nil {
		return nil, fmt.Errorf("ledger %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("ledger %s: can't be opened: %w", path, explain(err))
	}
	return db, nil
}

// explain adds to SQLite's words what to do.
func explain(err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return err
	}
	advice := ""
	switch failure.Code() & 0xff { // the rest is the extended code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		advice = "another program holds the file: end it (a backup, an SQLite shell) and try again"
	case sqlite3.SQLITE_CORRUPT:
		advice = "the file is damaged: keep it, and restore a backup or set a new ledger.path"
	case sqlite3.SQLITE_NOTADB:
		advice = "the file is no ledger, or its beginning is damaged: set another ledger.path, or restore a backup"
	case sqlite3.SQLITE_FULL:
		advice = "make room on the disk of ledger.path"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		advice = "the user that Careline runs as must be able to write the file of ledger.path and its folder"
	case sqlite3.SQLITE_IOERR:
		advice = "the disk of ledger.path fails or is full"
	default:
		return err
	}
	return fmt.Errorf("%w; %s", err, advice)
}

// withoutPath strips the path that os errors repeat.
func withoutPath(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
