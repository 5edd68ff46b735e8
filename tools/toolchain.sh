#!/bin/sh
# Says what to do where the Go that is there can't build Careline. From 1.21 on
# Go fetches the version that go.mod names by itself (GOTOOLCHAIN=auto).
set -eu
go=${1:-go}
if ! command -v "$go" >/dev/null 2>&1; then
	echo "Careline is built with Go, and there is no \"$go\" on the PATH: see https://go.dev/doc/install" >&2
	exit 1
fi
version=$(cd / && "$go" version | sed -n 's/^go version go1\.\([0-9]*\).*/\1/p')
if [ -n "$version" ] && [ "$version" -lt 21 ]; then
	echo "Go 1.$version can't fetch the version that go.mod names: install Go 1.21 or later (https://go.dev/doc/install)" >&2
	exit 1
fi
