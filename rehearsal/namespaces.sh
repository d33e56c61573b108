# What scripts share that become a program in a namespace of its own: they read this file.

# KIND NAMESPACE WHAT: ends the script in the machine's own NAMESPACE, as /proc/self/ns/KIND has it.
leave_machines_own() {
  if [ "$(readlink "/proc/self/ns/$1")" = "$2" ]; then
    echo "this is the machine's own $3, and it is left as it is" >&2
    exit 1
  fi
}

# FOLDER BELOW NAME: memory of this name takes the place of FOLDER, whose entries, mounted at BELOW, stay as links.
lay_over() {
  mount -n -t tmpfs -o mode=755 "$3" "$1"
  for entry in "$2"/* "$2"/.[!.]*; do
    if [ -e "$entry" ] || [ -L "$entry" ]; then ln -s "$entry" "$1/"; fi
  done
}
