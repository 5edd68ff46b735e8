package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"careline/desk"
	"careline/sip"
	"careline/sip/digest"
)

// The shortest passwords, in characters: a person's as NIST SP 800-63B-4 section
// 3.1.1.2 asks where it is the only factor; a desk phone's, which that rule
// doesn't speak of.
const (
	shortestPassword      = 15
	shortestPhonePassword = 8
)

// passwordEntry is what careline help says of the command below.
func passwordEntry() command {
	return command{
		name: "password", arguments: "[--sip NAME] [--realm REALM]", summary: "make a password's hash for agents.yaml or phones.yaml",
		details: `
Reads the password, one line, from standard input and prints its argon2id hash.
At a terminal the password isn't shown as it is typed.

--sip NAME makes the two hashes of a desk phone's password instead, the lines to
put under the phone's NAME in phones.yaml. They hold for that name and for the
realm there (--realm, "phones" if not given). Whoever has them can sign in as
the phone, so keep phones.yaml as secret as a password.`,
		examples: []string{"password", "password < file-with-the-password", "password --sip maria-desk"},
		run:      passwordCommand,
	}
}

// passwordCommand is careline password.
func passwordCommand(_ context.Context, t terminal, args []string) int {
	flags := flag.NewFlagSet("password", flag.ContinueOnError)
	phone := flags.String("sip", "", "the desk phone's name in phones.yaml")
	realm := flags.String("realm", sip.DefaultRealm, "the realm of phones.yaml")
	rest, err := t.parse(flags, args)
	if err != nil {
		return exitMisused
	}
	if len(rest) > 0 {
		_ = t.misused("password", "the password is read from standard input, never from the command line, where others can see it")
		return exitMisused
	}
	shortest := shortestPassword
	if *phone != "" {
		shortest = shortestPhonePassword
	}
	password, err := readPassword(t, shortest)
	if err != nil {
		return t.fail(err)
	}
	if *phone != "" {
		secret := digest.NewSecret(*phone, *realm, password)
		fmt.Fprintf(t.stdout, "md5: %s\nsha256: %s\n", secret.Reveal(digest.MD5), secret.Reveal(digest.SHA256))
		return exitOK
	}
	hash, err := desk.HashPassword(password)
	if err != nil {
		return t.fail(err)
	}
	fmt.Fprintln(t.stdout, hash)
	return exitOK
}

func readPassword(t terminal, shortest int) (string, error) {
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
	if len([]rune(password)) < shortest {
		return "", fmt.Errorf("a password has at least %d characters", shortest)
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
