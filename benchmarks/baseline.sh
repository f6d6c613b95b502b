#!/usr/bin/env bash
# Leaves an earlier state of this repository, published as its own Makefile publishes it, in artifacts/benchmarks/COMMIT, and prints
# that folder. It is what the operator is compared with. Usage: benchmarks/baseline.sh [COMMIT]
set -euo pipefail
cd "$(dirname "$0")/.."
commit=${1:-fda7fb3}
folder=$PWD/artifacts/benchmarks/$commit

if [ ! -x "$folder/artifacts/publish/visma-operator" ]; then
  git cat-file -e "$commit^{commit}" 2>/dev/null ||
    { echo "baseline: this clone does not have the commit $commit. In a shallow clone: git fetch --unshallow" >&2; exit 1; }
  rm -rf "$folder"
  mkdir -p "$folder"
  git archive "$commit" | tar -x -C "$folder"
  echo "baseline: publishing $commit ..." >&2
  make -C "$folder" publish >"$folder/publish.log" 2>&1 || { tail -n 20 "$folder/publish.log" >&2; exit 1; }
fi
echo "$folder"
