#!/bin/sh
# usage: unshare --mount --propagation slave -- sh engine.sh DIR NAMESPACE PROGRAM [ARGUMENT...]
# Becomes the engine. What an engine writes to fixed places (/etc/docker/key.json, /run/docker,
# /run/containerd, /opt/containerd) goes to memory that ends with this mount namespace: the machine keeps no trace, and no
# other engine is met there.
set -eu
. "${0%/*}/namespaces.sh"
dir=$1
outside=$2
shift 2

leave_machines_own mnt "$outside" "mount namespace"

# FOLDER NAME...: the folder's entries stay visible, read-only; the names given, and all that is new, are ours.
cover() {
  folder=$1
  shift
  below="$dir/below$folder"
  mkdir -p "$below"
  mount -n --bind "$folder" "$below"
  mount -n -o remount,bind,ro "$below"
  lay_over "$folder" "$below" cooperbench-rehearsal
  for name in "$@"; do rm -f "$folder/$name"; done
}

# A rehearsal that lies in /run would hide itself.
case $dir in
/run/* | /var/run/*) ;;
*) cover /run docker containerd runc xtables.lock ;;
esac
cover /etc docker
case $dir in
/opt/*) ;;
*) if [ -d /opt ]; then cover /opt containerd; fi ;;
esac

# The links that /sys shows are those of the network it was mounted in, the machine's: an engine that sets something of
# its docker0 there would set it of another's.
links="$dir/below/sys"
mkdir -p "$links"
mount -n -t sysfs cooperbench-rehearsal "$links"
for folder in class/net devices/virtual/net; do
  mount -n --bind "$links/$folder" "/sys/$folder"
done

exec "$@"
