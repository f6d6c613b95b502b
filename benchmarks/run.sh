#!/usr/bin/env bash
# What `make bench` does once the operator is published: publishes what it is compared with, measures, and leaves the results in
# benchmarks/results/MACHINE-DATE. Usage: benchmarks/run.sh [short|programs]
#   short      1,000 and 5,000 connections, a minute of rest, no micro benchmarks: about a quarter of an hour
#   programs   only publishes what is compared, so that the measurement itself can wait for a quiet machine
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-}
results=benchmarks/results/$(nproc)-cores-$(date -u +%F)
case $kind in
  programs) sizes=() ;;
  short) sizes=(--connections "1000,5000" --idle 1 --secrets 20000) ;;
  "") sizes=(--connections "1000,5000,10000" --wave 5000 --page docs/performance.md) ;;
  *) echo "run: '$kind' is neither short nor programs." >&2; exit 2 ;;
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
