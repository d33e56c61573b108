#!/bin/sh
# usage: unshare --mount -- sh enter.sh NAMESPACE WORK [FILE PLACE]... -- PROGRAM [ARGUMENT...]
# Becomes a program that finds each FILE at its PLACE, which nobody else does. NAMESPACE is the machine's own, as
# /proc/self/ns/mnt has it; WORK is a folder to work in.
set -eu
. "${0%/*}/../../rehearsal/namespaces.sh"
outside=$1
work=$2
shift 2

leave_machines_own mnt "$outside" "mount namespace"

# FOLDER: its entries stay, as links, and there is room for another.
make_room() {
  below=$work/below$1
  mkdir -p "$below"
  mount -n --rbind "$1" "$below"
  lay_over "$1" "$below" outside-world
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
