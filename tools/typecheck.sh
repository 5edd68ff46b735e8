#!/bin/sh
# Checks the types of the pages' TypeScript, which esbuild strips unread. It needs npm
# for the compiler; where there is none it says so, since the bundle needs no Node.
set -eu
cd "$(dirname "$0")/.."
version=5.9.3
home=bin/typescript-$version
if [ ! -x "$home/node_modules/.bin/tsc" ]; then
	if ! command -v npm >/dev/null 2>&1; then
		echo "no npm here: the types of desk/web are not checked"
		exit 0
	fi
	npm install --silent --no-audit --no-fund --no-save --ignore-scripts --prefix "$home" "typescript@$version"
fi
"$home/node_modules/.bin/tsc" -p desk/web/tsconfig.json
