// Command render brings a folder of prompts in line with its scripts, and the
// hold music beside it: go run ./prompts/render config/demo/prompts
//
// It needs flite and espeak-ng, and renders only what has changed.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"careline/prompts"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: render FOLDER   (a folder with <language>.yaml)")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := render(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func render(ctx context.Context, folder string) error {
	result, err := prompts.Render(ctx, folder, prompts.Options{
		Tell: func(language, name string) { fmt.Printf("%s  %s\n", language, name) },
	})
	if err != nil {
		return err
	}
	music := filepath.Join(filepath.Dir(filepath.Clean(folder)), "music", "calm.wav")
	if err := prompts.WriteFile(music, prompts.Compose()); err != nil {
		return err
	}
	fmt.Printf("%d rendered, %d kept, %d removed; music: %s\n", result.Rendered, result.Kept, result.Removed, music)
	return nil
}
