#!/bin/sh
# Regenerates the assembly of package rng in a scratch copy and fails if a committed file differs.
set -eu
package=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/rng"
cp -R "$package/_gen" "$package/kernels_amd64.go" "$tmp/rng"
(cd "$tmp/rng" && go generate kernels_amd64.go)
status=0
for f in "$tmp"/rng/*_avx*_amd64.*; do
	cmp -s "$f" "$package/${f##*/}" || { echo "${f##*/} is not what _gen writes: run go generate" >&2; status=1; }
done
for f in "$package"/*_avx*_amd64.*; do
	[ -f "$tmp/rng/${f##*/}" ] || { echo "${f##*/} is no longer generated: remove it" >&2; status=1; }
done
exit $status
