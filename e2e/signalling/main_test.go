package signalling

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	for _, program := range []string{"sipp", "kamailio"} {
		if _, err := exec.LookPath(program); err != nil {
			fmt.Fprintf(os.Stderr, "e2e/signalling: %s is not installed; `make test` installs it, or see tools/clients.sh\n", program)
			os.Exit(1)
		}
	}
	slog.SetDefault(slog.New(slog.DiscardHandler)) // as cmd/careline does; sipgo speaks there
	goleak.VerifyTestMain(m)
}
