#!/bin/sh
# Installs the evaluator of CEL where it is missing. Two test projects may ask for it at once: the second one waits for the first.
set -eu
cd "$(dirname "$0")"
if command -v flock >/dev/null; then
  exec 9>node_modules.lock
  flock 9
fi
[ -f node_modules/.package-lock.json ] || npm ci --no-audit --no-fund --silent # npm writes that file last
