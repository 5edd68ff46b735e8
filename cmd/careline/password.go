package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"careline/desk"
)

// shortestPassword is what password accepts: NIST SP 800-63B-4 section 3.1.1.2
// asks for 15 characters where the password is the only factor.
const shortestPassword = 8

// passwordCommand is careline password.
func passwordCommand(_ context.Context, t terminal, args []string) int {
	if len(args) > 0 {
		_ = t.misused("password", "the password is read from standard input, never from the command line, where others can see it")
		return exitMisused
	}
	password, err := readPassword(t)
	if err != nil {
		return t.fail(err)
	}
	hash, err := desk.HashPassword(password)
	if err != nil {
		return t.fail(err)
	}
	fmt.Fprintln(t.stdout, hash)
	return exitOK
}

func readPassword(t terminal) (string, error) {
	if file, ok := t.stdin.(*os.File); ok {
		if restore := hideTyping(int(file.Fd())); restore != nil {
			fmt.Fprint(t.stderr, "Password: ")
			defer func() { restore(); fmt.Fprintln(t.stderr) }()
		}
	}
	line, err := bufio.NewReader(io.LimitReader(t.stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	password := strings.TrimRight(line, "\r\n")
	if len([]rune(password)) < shortestPassword {
		return "", fmt.Errorf("a password has at least %d characters", shortestPassword)
	}
	return password, nil
}

// hideTyping turns a terminal's echo off; nil if fd is no terminal.
func hideTyping(fd int) (restore func()) {
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil
	}
	silent := *before
	silent.Lflag &^= unix.ECHO
	if unix.IoctlSetTermios(fd, unix.TCSETS, &silent) != nil {
		return nil
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, before) }
}
