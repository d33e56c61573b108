#!/bin/sh
# Applies a test patch, and a feature patch where one is given, to a copy of the checkout, and runs its
# tests. Ends with 0 when all pass. The checkout itself stays as it is.
set -eu

if [ $# -lt 1 ]; then
  echo "usage: docker run -v DIR:/patches:ro IMAGE TEST_PATCH [FEATURE_PATCH]" >&2
  exit 1
fi

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -a /workspace/repo/. "$copy"
cd "$copy"

for name in "$@"; do
  if [ ! -f "/patches/$name" ]; then
    echo "no patch /patches/$name" >&2
    exit 1
  fi
  patch -p1 <"/patches/$name"
done

sh tests/run.sh
