#!/bin/sh
# usage: unshare --mount -- sh enter.sh NAMESPACE WORK [FILE PLACE]... -- PROGRAM [ARGUMENT...]
# Becomes a program that finds each FILE at its PLACE, which nobody else does. NAMESPACE is the machine's own, as
# /proc/self/ns/mnt has it; WORK is a folder to work in.
set -eu
outside=$1
work=$2
shift 2

if [ "$(readlink /proc/self/ns/mnt)" = "$outside" ]; then
  echo "this is the machine's own mount namespace, and it is left as it is" >&2
  exit 1
fi

# FOLDER: its entries stay, as links, and there is room for another.
make_room() {
  below=$work/below$1
  mkdir -p "$below"
  mount -n --rbind "$1" "$below"
  mount -n -t tmpfs -o mode=755 outside-world "$1"
  for entry in "$below"/* "$below"/.[!.]*; do
    if [ -e "$entry" ] || [ -L "$entry" ]; then ln -s "$entry" "$1/"; fi
  done
}

while [ "$1" != -- ]; do
  file=$1
  place=$2
  shift 2
  if [ ! -e "$place" ]; then
    make_room "${place%/*}"
    rm -f "$place"
    : >"$place"
  fi
  mount -n --bind "$file" "$place"
done
shift

exec "$@"
