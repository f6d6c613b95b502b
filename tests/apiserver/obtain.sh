#!/usr/bin/env bash
# Leaves etcd, kube-apiserver and kube-controller-manager in a cache folder and prints that folder as the last
# line on stdout (KUBEBUILDER_ASSETS where that is set; nothing where TEST_KUBECONFIG or TEST_K3S_IMAGE is). Progress goes to stderr,
# details to a log in the cache.
#
# Why build at all: the integration tests want a real API server, and not every machine can pull a container
# image or download a release. Debian carries etcd as a package and the whole Kubernetes tree as a *source*
# package, so a Debian machine can always make its own. That takes minutes, hence the cache outside the checkout.
#
#   KUBERNETES_VERSION   what to build (default 1.20.2, what Debian 12 carries)
#   XDG_CACHE_HOME       where caches live (default ~/.cache)
set -euo pipefail

version="${KUBERNETES_VERSION:-1.20.2}"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/visma-operator"
target="$cache/kubernetes-$version"
log="$cache/kubernetes-$version.log"
scratch_prefix="$cache/.building-kubernetes-$version"
scratch=""
step="starting"

say() { printf '%s\n' "obtain: $*" >&2; }

explain() {
  say "$1"
  say "Or do without the build, in one of these ways:"
  say "  TEST_KUBECONFIG=FILE      an existing cluster (kind, k3d, K3s, ...)"
  say "  TEST_K3S_IMAGE=IMAGE      K3s in a container, where there is a container engine"
  say "  KUBEBUILDER_ASSETS=DIR    a folder with etcd and kube-apiserver, e.g. from 'setup-envtest use -p path'"
}

on_exit() {
  local status=$?
  # Downloaded Go sources may be read-only, and a folder without write permission cannot be emptied.
  if [ -n "$scratch" ] && [ -d "$scratch" ]; then chmod -R u+w "$scratch"; rm -rf "$scratch"; fi
  if [ "$status" -ne 0 ]; then
    say "failed while $step (exit code $status)"
    if [ -s "$log" ]; then
      say "last lines of $log:"
      tail -n 20 "$log" >&2
    fi
  fi
}

begin() { step="$1"; say "$1 ..."; printf '\n== %s ==\n' "$1" >>"$log"; }

# The folder is moved into place whole, so it is complete if it exists; the test is for hands that removed a file.
is_complete() {
  local program
  for program in etcd kube-apiserver kube-controller-manager; do
    [ -x "$target/$program" ] || return 1
  done
}

# Prints the Debian packages that must be added for the commands that the build calls. It looks for Debian's own
# programs on purpose: a Go that somebody put elsewhere is not the one that builds this tree.
missing_packages() {
  local pair
  for pair in go:golang-go rsync:rsync jq:jq make:make dpkg-source:dpkg-dev; do
    [ -x "/usr/bin/${pair%%:*}" ] || printf '%s\n' "${pair#*:}"
  done
}

install_missing_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    explain "The build needs a Debian machine (apt-get) with: ${missing[*]}."
    return 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    explain "The build needs these packages first: sudo apt-get install --no-install-recommends ${missing[*]}"
    return 1
  fi
  begin "installing ${missing[*]}"
  apt-get -q update >>"$log" 2>&1
  DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "${missing[@]}" >>"$log" 2>&1
}

# Writes into folder $1 a copy of the machine's own package sources that lists source packages as well. The
# machine's configuration stays untouched and is the only place that names a mirror.
write_source_lists() {
  local file
  mkdir -p "$1"
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] && sed -E 's/^Types:.*/Types: deb deb-src/' "$file" >"$1/${file##*/}"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] && sed -E 'p; s/^[[:space:]]*deb[[:space:]]/deb-src /' "$file" >"$1/${file##*/}"
  done
  return 0
}

# apt-get/apt-cache with lists of their own, so that the machine's lists stay as they are.
with_source_lists() {
  local command="$1"
  shift
  "$command" -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$scratch/sources" \
    -o Dir::State::lists="$scratch/lists" -o Dir::Cache="$scratch/apt-cache" "$@"
}

# The Debian version of the source package whose upstream version is $version. Debian writes a step back as
# "1.20.5+really1.20.2-1.1": what counts is the part behind "really".
debian_source_version() {
  local candidate upstream
  while read -r candidate; do
    upstream="${candidate##*really}"
    upstream="${upstream%%-*}"
    if [ "${upstream%%+*}" = "$version" ]; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done < <(with_source_lists apt-cache showsrc kubernetes 2>>"$log" | sed -n 's/^Version: //p' | sort -rVu)
  return 1
}

fetch_source() {
  local debian_version
  begin "fetching the source package of kubernetes $version"
  write_source_lists "$scratch/sources"
  mkdir -p "$scratch/lists/partial" "$scratch/apt-cache/archives/partial"
  # One foreign source that carries no source packages makes the update fail as a whole; what counts is
  # whether the package is found afterwards.
  with_source_lists apt-get -q update >>"$log" 2>&1 || true
  if ! debian_version="$(debian_source_version)"; then
    explain "No package source of this machine carries the source of kubernetes $version."
    return 1
  fi
  (cd "$scratch" && with_source_lists apt-get -q source "kubernetes=$debian_version") >>"$log" 2>&1
  # The tree must lie at its import path below GOPATH (it predates Go modules); a symbolic link is enough.
  mkdir -p "$scratch/gopath/src/k8s.io"
  ln -s "$(find "$scratch" -maxdepth 1 -type d -name 'kubernetes-*' -print -quit)" "$scratch/gopath/src/k8s.io/kubernetes"
}

# Everything that Go writes stays in the scratch folder, and GOPROXY=off proves that nothing else is fetched.
# Debian's own Go goes first: newer ones refuse parts of this old tree.
build_kubernetes() {
  begin "building kube-apiserver and kube-controller-manager (several minutes)"
  (
    cd "$scratch/gopath/src/k8s.io/kubernetes"
    env PATH="/usr/bin:$PATH" GO111MODULE=off GOFLAGS='' GOPROXY=off GOPATH="$scratch/gopath" GOCACHE="$scratch/gocache" \
      CGO_ENABLED=0 KUBE_GIT_VERSION="v$version" \
      nice -n 10 make WHAT="cmd/kube-apiserver cmd/kube-controller-manager"
  ) >>"$log" 2>&1 </dev/null
  find "$scratch/gopath/src/k8s.io/kubernetes/_output/local/bin/" -type f \( -name kube-apiserver -o -name kube-controller-manager \) \
    -exec cp -t "$scratch/result" {} +
}

# Unpacks the Debian package $1 into $scratch/$1 without installing it.
unpack_package() {
  mkdir -p "$scratch/$1"
  (
    cd "$scratch/$1"
    with_source_lists apt-get -q download "$1"
    dpkg-deb -x "$1"_*.deb .
  ) >>"$log" 2>&1
}

# Installing Debian's etcd-server would also start a service on the machine, so only its program is taken out.
take_etcd() {
  begin "taking etcd out of its Debian package"
  unpack_package etcd-server
  cp "$scratch/etcd-server/usr/bin/etcd" "$scratch/result/etcd"
}

# The tree carries reflect2 1.0.1, which iterates over maps in a way that Go 1.18 and later answer with a crash of the
# whole server, at random and under load. Debian's own package of that library has the release that mends it.
mend_reflect2() {
  local library=golang-github-modern-go-reflect2-dev name=github.com/modern-go/reflect2
  begin "replacing $name by Debian's newer one"
  unpack_package "$library"
  rm -rf "$scratch/gopath/src/k8s.io/kubernetes/vendor/$name"
  cp -r "$scratch/$library/usr/share/gocode/src/$name" "$scratch/gopath/src/k8s.io/kubernetes/vendor/$name"
}

obtain() {
  local begun=$SECONDS
  rm -rf "$scratch_prefix".* # left by a run that was killed; no other run is alive while we hold the lock
  scratch="$(mktemp -d "$scratch_prefix.XXXXXX")"
  mkdir "$scratch/result"
  printf 'kubernetes %s\n' "$version" >"$log"
  install_missing_packages
  fetch_source
  take_etcd
  mend_reflect2
  build_kubernetes
  rm -rf "$target"
  mv "$scratch/result" "$target"
  say "built in $((SECONDS - begun)) s"
}

main() {
  # A caller need not know the order in which the tests look for a server: what comes first needs no build.
  if [ -n "${TEST_KUBECONFIG:-}${TEST_K3S_IMAGE:-}" ]; then
    say "nothing to obtain: TEST_KUBECONFIG or TEST_K3S_IMAGE names a cluster"
    return
  fi
  if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
    printf '%s\n' "$KUBEBUILDER_ASSETS"
    return
  fi
  if is_complete; then
    printf '%s\n' "$target"
    return
  fi
  mkdir -p "$cache"
  trap on_exit EXIT
  # Two test runs that start together must not build twice: the second waits, then finds the result.
  exec 9>"$target.lock"
  if ! flock -n 9; then
    say "another run is building kubernetes $version (log: $log); waiting for it"
    flock 9
  fi
  is_complete || obtain
  printf '%s\n' "$target"
}

main "$@"
