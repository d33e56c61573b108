#!/bin/sh
# usage: unshare --net -- sh network.sh NAMESPACE BUSYBOX IPTABLES PROGRAM [ARGUMENT...]
# Becomes the program that holds a rehearsal's network, once that network can do what an engine asks of it. NAMESPACE is
# the machine's own, as /proc/self/ns/net has it.
set -eu
. "${0%/*}/namespaces.sh"
outside=$1
busybox=$2
iptables=$3
shift 3

leave_machines_own net "$outside" network

# NOUN COMMAND...
need() {
  noun=$1
  shift
  said=$("$@" 2>&1) && return
  echo "the rehearsal needs a kernel that has $noun in a network namespace; here: $said" >&2
  exit 1
}

loopback() { "$busybox" ip link set lo up || "$busybox" ifconfig lo up; }
bridge() {
  "$busybox" ip link add name probe type bridge || "$busybox" brctl addbr probe
  "$busybox" ip link del probe || "$busybox" brctl delbr probe
}
need "a loopback" loopback
need "bridges" bridge
need "NAT (iptables)" "$iptables" -t nat -n -L

exec "$@"
