#!/bin/sh
# Bundles the softphone's page into desk/web/dist, which the binary embeds.
# Needs Go only: esbuild runs as a Go tool. The server sends each file with its
# content's hash as ETag, so names need no hash.
set -eu
cd "$(dirname "$0")/../.."
web=desk/web
dist=$web/dist
mkdir -p "$dist"

esbuild() {
	go tool -modfile=tools/go.mod esbuild "$@" --log-level=warning
}

esbuild "$web/main.ts" "$web/theme.ts" --bundle --minify --target=es2022 --format=esm \
	--legal-comments=none --outdir="$dist"
esbuild "$web/style.css" --bundle --minify --outfile="$dist/style.css"
cp "$web/index.html" "$web/icon.svg" "$dist/"
