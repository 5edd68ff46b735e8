package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"os/exec"

	"careline/e2e/program"
)

// child is another process of ours in one role, which does what it is told over
// its standard input and output.
type child struct {
	process *exec.Cmd
	client  *rpc.Client
}

// pipes are a child's standard input and output, seen from either side.
type pipes struct {
	io.Reader
	io.WriteCloser
}

// spawn starts this program again.
func spawn(ctx context.Context, core int, arguments ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{process: program.OnCore(ctx, core, self, arguments...)}
	c.process.Stderr = os.Stderr
	in, err := c.process.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.process.Start(); err != nil {
		return nil, fmt.Errorf("%v: %w", arguments, err)
	}
	c.client = rpc.NewClient(pipes{out, in})
	return c, nil
}

// call lets the child do something, and waits for it at most until ctx is done.
func (c *child) call(ctx context.Context, method string, argument, reply any) error {
	done := c.client.Go("Role."+method, argument, reply, make(chan *rpc.Call, 1)).Done
	select {
	case finished := <-done:
		if finished.Error != nil {
			return fmt.Errorf("%s: %w", method, finished.Error)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

// stop lets the process end, since its standard input does.
func (c *child) stop() error {
	return errors.Join(c.client.Close(), c.process.Wait())
}

// serve does what the parent tells, until it closes our standard input.
func serve(service any) error {
	server := rpc.NewServer()
	if err := server.RegisterName("Role", service); err != nil {
		return err
	}
	server.ServeConn(pipes{os.Stdin, os.Stdout})
	return nil
}
