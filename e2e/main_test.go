package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"careline/media"
)

// careline is the program as users build it, made once for all stories.
var careline string

// browser is one Chromium for all stories; each agent has a profile of its own.
var browser struct {
	sync.Once
	ctx context.Context
	err error
}

// The agents' microphone loops this prompt; the callers of the stories are
// never played it in English.
const microphone = "../config/demo/prompts/es-US/main-menu.wav"

// storiesAtOnce is how many of the stories that may be told side by side are, unless
// -parallel says otherwise. A story waits for real time most of the while, and takes
// about a fifth of a core.
const storiesAtOnce = "3"

func TestMain(m *testing.M) {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		if err := flag.Set("test.parallel", storiesAtOnce); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	for _, program := range []string{"sipp", "baresip", "linphonec", "chromium", "sox", "svmap", "svwar", "svcrack", "turnserver"} {
		if _, err := exec.LookPath(program); err != nil {
			fmt.Fprintf(os.Stderr, "e2e: %s is not installed; `make test` installs it, or see tools/clients.sh\n", program)
			return 1
		}
	}
	dir, err := os.MkdirTemp("", "careline-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	for _, step := range [][]string{
		{"sh", "../desk/web/build.sh"},
		{"go", "build", "-buildvcs=false", "-o", filepath.Join(dir, "careline"), "../cmd/careline"},
		{"sox", microphone, "-r", "48000", "-c", "1", "-b", "16", "-e", "signed-integer", filepath.Join(dir, "microphone.wav")},
	} {
		if output, err := exec.Command(step[0], step[1:]...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "e2e: %v: %v\n%s", step, err, output)
			return 1
		}
	}
	careline = filepath.Join(dir, "careline")
	allocator, stop := chromedp.NewExecAllocator(context.Background(), chromium(dir)...)
	defer stop()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	browser.ctx = ctx
	return m.Run()
}

func chromium(dir string) []chromedp.ExecAllocatorOption {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"))
	for name, value := range map[string]any{
		"headless": "new", "no-sandbox": true, "disable-gpu": true, "disable-quic": true,
		"use-fake-ui-for-media-stream": true, "use-fake-device-for-media-stream": true,
		"use-file-for-fake-audio-capture": filepath.Join(dir, "microphone.wav"),
		"autoplay-policy":                 "no-user-gesture-required",
		"disable-background-networking":   true, "disable-component-update": true, "disable-sync": true,
		"disable-background-timer-throttling": true, "disable-renderer-backgrounding": true,
		"disable-backgrounding-occluded-windows": true,
	} {
		options = append(options, chromedp.Flag(name, value))
	}
	return options
}

// theBrowser starts Chromium when the first story needs it.
func theBrowser(t *testing.T) context.Context {
	t.Helper()
	browser.Do(func() { browser.err = chromedp.Do(browser.ctx) })
	if browser.err != nil {
		t.Fatalf("chromium: %v", browser.err)
	}
	return browser.ctx
}

// wav reads a sound of the repository.
func wav(t *testing.T, path string) []int16 {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	samples, err := media.ReadWAV(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return samples
}
