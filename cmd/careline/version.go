package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCommand is careline version.
func versionCommand(_ context.Context, t terminal, args []string) int {
	if len(args) > 0 {
		_ = t.misused("version", fmt.Sprintf("what is %q?", args[0]))
		return exitMisused
	}
	fmt.Fprintf(t.stdout, "careline %s, %s, %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitOK
}

// version is the module's, as Go stamps it from the repository; "devel" where
// there was none.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
