#!/usr/bin/env bash
# npm run opa: makes a real Open Policy Agent for the tests that need one, out of Debian's own source packages, since there may be
# no way to its releases. Nothing is installed: the program goes to the user's cache, where tests find it. Once made, it stays;
# `npm run opa -- --again` makes it anew. Needs about a minute, 600 MB for that minute, and a Debian or what descends from it.
set -euo pipefail

# The first release of Debian that has OPA 1.x; and the last with the version of a library that this OPA wants.
suite=forky
older=bookworm
older_library=golang-github-olekukonko-tablewriter-dev

place=${XDG_CACHE_HOME:-$HOME/.cache}/castellan/opa
say() { printf '%s\n' "$*"; }
fail() { printf '✖ %s\n' "$*" >&2; exit 1; }

# Whether a program is an OPA that serves, decides and compiles.
works() {
  local there
  there=$(mktemp -d)
  printf 'package a\n\nb := input.c + 1\n' >"$there/a.rego"
  "$1" version 2>/dev/null | grep -q '^Version: 1\.' &&
    [ "$(printf '{"c": 41}' | "$1" eval --format raw --stdin-input --data "$there/a.rego" data.a.b 2>/dev/null)" = 42 ] &&
    "$1" build -t wasm -e a/b -o "$there/b.tar.gz" "$there/a.rego" >/dev/null 2>&1 && [ -s "$there/b.tar.gz" ]
  local code=$?
  rm -rf "$there"
  return $code
}

if [ "${1:-}" != --again ] && works "$place/opa"; then
  say "$place/opa is there: $("$place/opa" version | head -n 1)"
  exit 0
fi
for tool in apt-get apt-cache dpkg-deb tar; do
  command -v $tool >/dev/null || fail "there is no $tool; this needs a Debian. Any opa 1.x named by CASTELLAN_TEST_OPA does as well"
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/{lists/partial,cache/archives/partial,debs,root}
cd "$scratch"

# The mirror this machine already uses. Its signatures are checked by apt, with the keys of this machine.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m1 '/debian/$' || true)
mirror=${mirror:-http://deb.debian.org/debian/}
printf 'deb %s %s main\n' "$mirror" $suite "$mirror" $older >sources.list
# Folders of our own, so that what this machine knows about its packages stays as it is.
options=(-qq -oDir::Etc::SourceList="$scratch/sources.list" -oDir::Etc::SourceParts=/dev/null
  -oDir::State::Lists="$scratch/lists" -oDir::Cache="$scratch/cache" -oDir::State::status=/dev/null
  -oAcquire::Languages=none -oAcquire::Retries=2 -oAcquire::http::Timeout=20 -oAPT::Sandbox::User="$(id -un)")
say "asking $mirror for packages of $suite"
apt-get "${options[@]}" -oAPT::Update::Error-Mode=any update || fail 'the mirror cannot be reached'

compiler=$(apt-cache "${options[@]}" depends golang-go | sed -n 's/.*Depends: \(golang-[0-9.]*\)-go$/\1/p' | head -n 1)
[ -n "$compiler" ] || fail "there is no compiler in $suite"
on_github=(agnivade-levenshtein beorn7-perks cenkalti-backoff-v5 cespare-xxhash-v2 clipperhouse-uax29
  containerd-containerd containerd-errdefs containerd-log containerd-platforms dgraph-io-badger dgraph-io-ristretto
  dustin-go-humanize felixge-httpsnoop fsnotify-fsnotify go-ini-ini go-logr-logr go-logr-stdr go-viper-mapstructure
  gobwas-glob golang-protobuf-1-5 google-flatbuffers google-uuid gorilla-mux grpc-ecosystem-grpc-gateway
  klauspost-compress mattn-go-runewidth moby-locker munnerz-goautoneg open-policy-agent-opa opencontainers-go-digest
  opencontainers-image-spec pelletier-go-toml.v2 peterh-liner prometheus-client-golang prometheus-client-model
  prometheus-common prometheus-procfs rcrowley-go-metrics sagikazarmark-locafero sergi-go-diff sirupsen-logrus
  spf13-afero spf13-cast spf13-cobra spf13-pflag spf13-viper subosito-gotenv tchap-go-patricia
  xeipuuv-gojsonpointer xeipuuv-gojsonreference yashtewari-glob-intersection)
elsewhere=(golang-x-net golang-x-sync golang-x-sys golang-x-text golang-x-time google-genproto google-grpc
  google-protobuf gopkg-yaml.v2 gopkg-yaml.v3 k8s-sigs-yaml opentelemetry-contrib opentelemetry-otel
  opentelemetry-proto oras-oras-go uber-automaxprocs)
packages=("$compiler-go" "$compiler-src" "$older_library/$older")
for name in "${on_github[@]}"; do packages+=("golang-github-$name-dev"); done
for name in "${elsewhere[@]}"; do packages+=("golang-$name-dev"); done
(cd debs && apt-get "${options[@]}" download "${packages[@]}") || fail 'the packages cannot be had'

say 'unpacking and compiling'
for package in debs/*.deb; do
  dpkg-deb --fsys-tarfile "$package" |
    tar -x -C root --exclude=./usr/share/doc --exclude='*_test.go' --exclude="./usr/share/*/test"
done
GOROOT=$scratch/root/usr/lib/${compiler/golang/go} GOPATH=$scratch/root/usr/share/gocode GOCACHE=$scratch/compiled \
  GO111MODULE=off GOFLAGS='' GOTOOLCHAIN=local CGO_ENABLED=0 \
  "$scratch/root/usr/lib/${compiler/golang/go}/bin/go" build -trimpath -ldflags '-s -w' -o "$scratch/opa" \
  github.com/open-policy-agent/opa || fail 'it does not compile'

works "$scratch/opa" || fail 'what was made does not decide, or does not compile policies'
mkdir -p "$place"
# In one step, so that a test never finds half of it.
mv "$scratch/opa" "$place/.opa.$$" && mv "$place/.opa.$$" "$place/opa"
say "$place/opa was made: $("$place/opa" version | head -n 1)"
