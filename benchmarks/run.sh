#!/usr/bin/env bash
# What `make bench` does once the operator is published: publishes what it is compared with, measures, and leaves the results in
# benchmarks/results/CORES-DATE, or CORES-DATE-short. Usage: benchmarks/run.sh [short|programs|only OPTION...]
#   short      1,000 and 5,000 connections, a minute of rest, no micro benchmarks: about a quarter of an hour
#   programs   only publishes what is compared, so that the measurement itself can wait for a quiet machine
#   only       measures what the options of `scale` name, and leaves the other rows of the day as they are. docs/performance.md
#              shows them where the day has other rows already:
#              benchmarks/run.sh only --rows ready,restart --connections 5000
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-}
results=benchmarks/results/$(nproc)-cores-$(date -u +%F)
case $kind in
  only)
    sizes=("${@:2}")
    [ ! -d "$results" ] || sizes+=(--page docs/performance.md) # else its tables would hold these rows and no others
    ;;
  programs) sizes=() ;;
  short)
    results+=-short # it must not replace rows of a full one
    sizes=(--connections "1000,5000" --idle 1 --secrets 20000)
    ;;
  "") sizes=(--connections "1000,5000,10000" --wave 5000 --page docs/performance.md) ;;
  *) echo "run: '$kind' is none of short, programs and only." >&2; exit 2 ;;
esac
benchmark() { benchmarks/VismaOperator.Benchmarks/bin/Release/net10.0/VismaOperator.Benchmarks "$@"; }

tests/apiserver/obtain.sh >/dev/null
benchmarks/baseline.sh >/dev/null
dotnet publish benchmarks/VismaOperator.Floor -c Release --use-current-runtime -o artifacts/benchmarks/floor -v quiet -nologo
dotnet build benchmarks/VismaOperator.Benchmarks -c Release -v quiet -nologo -clp:NoSummary

[ "$kind" != programs ] || exit 0
revision=$(git rev-parse --short HEAD)$(git diff --quiet HEAD -- operator crds || echo "+")
benchmark scale "${sizes[@]}" --results "$results" --revision "$revision"
if [ -z "$kind" ]; then
  benchmark --filter '*'
  cat artifacts/benchmarks/results/*-report-github.md >"$results/micro.md"
fi
