#!/bin/sh
# Publishes one commit twice, from two clones in folders with names of different lengths, and compares the two executables byte by byte.
# Same SDK, same system: another SDK brings another compiler and another runtime. Usage: operator/reproduce.sh [COMMIT]
#   KEEP=1   leaves both folders and names them
set -eu
cd "$(dirname "$0")/.."
commit=$(git rev-parse --verify "${1:-HEAD}^{commit}")
folder=$(mktemp -d)
[ -n "${KEEP:-}" ] || trap 'rm -rf "$folder"' EXIT

# macOS has another name for it.
hash() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }

for clone in one another/place; do
  git clone --quiet --no-checkout . "$folder/$clone"
  git -C "$folder/$clone" checkout --quiet --detach "$commit"
  make --no-print-directory -C "$folder/$clone" publish >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
done

one=$folder/one/artifacts/publish/visma-operator
two=$folder/another/place/artifacts/publish/visma-operator
echo "commit $commit, SDK $(dotnet --version), $(uname -sm)"
(cd "$folder" && hash "${one#"$folder/"}" "${two#"$folder/"}")
[ -z "${KEEP:-}" ] || echo "left in $folder"
if cmp "$one" "$two"; then
  echo "The two builds are the same, byte by byte."
else
  echo "The two builds differ in $(cmp -l "$one" "$two" | wc -l) of $(wc -c <"$one") bytes." >&2
  exit 1
fi
