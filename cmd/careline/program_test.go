package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// build makes the real program.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "careline")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// process is a server of its own, which signals reach.
type process struct {
	running
	command *exec.Cmd
}

func startProgram(t *testing.T, program, dir string) *process {
	t.Helper()
	p := &process{running: running{dir: dir, stdout: &screen{}, stderr: &screen{}, code: make(chan int, 1)}}
	p.command = exec.Command(program, "run", "--config", dir)
	p.command.Stdout, p.command.Stderr = p.stdout, p.stderr
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.command.Process.Kill() })
	go func() {
		_ = p.command.Wait()
		p.code <- p.command.ProcessState.ExitCode()
	}()
	p.until(t, "Ctrl-C takes no new calls")
	return p
}

// signal is a Ctrl-C.
func (p *process) signal(t *testing.T) {
	t.Helper()
	if err := p.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
}
