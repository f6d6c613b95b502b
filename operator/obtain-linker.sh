#!/bin/sh
# Leaves a C linker on this machine, which native compilation ends with; says nothing where there is one. zlib, brotli and the runtime
# come with the compiler's packages. OpenSSL is not linked: it is loaded when the operator runs.
set -eu

# The SDK takes clang, else gcc. Only a link shows that the C library's files are there too.
links() {
  command -v clang >/dev/null || command -v gcc >/dev/null || return 1
  compiler=$(command -v clang || command -v gcc)
  [ "$(uname -s)" = Linux ] || return 0 # on macOS both come with the command line tools
  command -v objcopy >/dev/null || command -v llvm-objcopy >/dev/null || return 1
  echo 'int main(void) { return 0; }' | "$compiler" -x c - -o /dev/null -fuse-ld=bfd -pthread -ldl -lrt -lm 2>/dev/null
}

explain() {
  echo "Native compilation needs a C linker (clang or gcc with binutils and the C library's headers), and $1" >&2
  echo "Debian and Ubuntu: sudo apt-get install --no-install-recommends gcc libc6-dev" >&2
  echo "Fedora: sudo dnf install gcc glibc-devel. macOS: xcode-select --install." >&2
  echo "Without one: make publish JIT=1 makes an executable that needs no linker, for any system that .NET knows (RID=osx-arm64)." >&2
  exit 1
}

if links; then exit 0; fi
command -v apt-get >/dev/null || explain "this machine has none."
root=
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || explain "only root may install it."
  root="sudo -n"
fi
log=$(mktemp)
echo "Native compilation needs a C linker: installing gcc and libc6-dev ..." >&2
# shellcheck disable=SC2086 # two words, or none
{
  $root apt-get -q update
  $root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install gcc libc6-dev
} >"$log" 2>&1 ||
  { tail -n 20 "$log" >&2; explain "installing it failed: $log."; }
links || explain "gcc is installed and cannot link: try 'gcc -x c - -fuse-ld=bfd'."
rm -f "$log"
