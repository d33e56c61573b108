#!/bin/sh
# Stands for https://get.pulumi.com/install.sh, and is written anew: it takes the options that the Automation API gives to
# that one, gets the archive that that one gets, and puts what is in it where that one does.
set -eu
root=$HOME/.pulumi version=
while [ $# -gt 0 ]; do
  case $1 in
  --no-edit-path) ;;
  --install-root) root=$2 && shift ;;
  --version) version=$2 && shift ;;
  *) echo "install.sh: $1 is not known" >&2 && exit 1 ;;
  esac
  shift
done
[ "$(uname -m)" = x86_64 ] && arch=x64 || arch=arm64
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
get='try {
  const { body, status, ok } = await fetch(process.argv[1]);
  if (!ok) throw new Error(`HTTP ${status}`);
  await (await import("node:fs/promises")).writeFile(process.argv[2], body);
} catch (error) {
  console.error(`error: failed to download ${process.argv[1]}: ${error.message}`);
  process.exit(1);
}'
node --input-type=module -e "$get" \
  "https://get.pulumi.com/releases/sdk/pulumi-v$version-linux-$arch.tar.gz" "$work/pulumi.tar.gz"
tar -xzf "$work/pulumi.tar.gz" -C "$work"
mkdir -p "$root/bin"
cp -R "$work/pulumi/." "$root/bin/"
