# What an agent of CooperBench is started with, and an evaluation, in a container of an image.
#
# Run by /bin/bash as the image's own user in /workspace/repo, which is how an agent's container is started. Argument:
# the task's base commit. Standard output: lines `probe NAME VALUE`; the first of the name `fault` ends it.

tell() { printf 'probe %s %s\n' "$1" "${*:2}"; }
fault() { # by the shell alone: what it is about may be that there is nothing else
  local said=${*:2}
  said=${said//$'\n'/ }
  tell fault "$1" "${said:0:400}"
  exit
}
# As an agent's every command is: by a login shell, which /etc/profile may give another PATH, folder or greeting.
agent() { bash -lc "$1" bash "${@:2}" </dev/null 2>&1; }

if [ ! -e .git ] && [ -z "${GIT_DIR-}" ]; then
  [ -n "$(ls -A)" ] || fault no-repository
  fault no-git
fi

# The evaluation starts these without a shell, so that no function or builtin will do.
for program in bash mkdir sleep cp test; do
  type -P "$program" >/dev/null || fault no-program "$program"
done
sleep infinity 2>/dev/null &
endless=$!
sleep 2h 2>/dev/null &
long=$!
mkdir -p /patches 2>/dev/null && [ -w /patches ] || fault not-writable /patches
[ -r /usr/local/bin/runner.sh ] || fault no-runner

head=$(agent 'git rev-parse HEAD') || fault git "$head"
if [ "$head" != "$1" ]; then
  [[ $head == *[!0-9a-f]* ]] || fault commit "$head"
  fault noise "$head"
fi
tell commit "$head"

# Git looks into no file whose size and time are its index's: those of a fresh layer have new inodes, which say nothing.
status=(git --no-optional-locks -c core.checkStat=minimal -c core.trustctime=false status --porcelain --no-renames -z)
# Its exit code comes last: to wait for what fills an array may have bash wait for all others, which sleep for ever.
mapfile -d '' changed < <("${status[@]}" 2>/dev/null; printf %s "$?")
[ "${changed[-1]}" = 0 ] || fault git "$("${status[@]}" 2>&1)"
unset 'changed[-1]'
gone=0
for line in "${changed[@]}"; do
  case $line in ' D '* | 'D  '*) gone=$((gone + 1)) ;; esac
done
if [ "$gone" -gt 0 ]; then
  mapfile -d '' tracked < <(git ls-tree -r -z --name-only HEAD)
  [ "$gone" -lt "${#tracked[@]}" ] || fault no-files
fi
tell changed "${#changed[@]}"

# As an agent's git is set up, and commits; with a push of one empty commit in place of all of the history's.
said=$(agent '
git() {
  command git -c core.checkStat=minimal -c core.trustctime=false -c maintenance.auto=false "$@" && return
  echo "(git $*)"
  exit 1
}
git config user.email agent@cooperbench.local
git config user.name agent1
git init -q --bare /tmp/team.git
command git remote remove origin 2>/dev/null
git remote add origin /tmp/team.git
git checkout -q -b cooperbench-probe
git commit -q --allow-empty -m probe
tree=$(command git mktree </dev/null)
commit=$(command git commit-tree -m probe "$tree")
git push -q --force origin "$commit:refs/heads/probe"
') || fault git "$said"
said=$(agent '
echo IyEvYmluL3NoCg== | base64 -d >/usr/local/bin/gh && chmod +x /usr/local/bin/gh || exit
command -v gh >/dev/null || { echo "the agent'"'"'s PATH lacks /usr/local/bin: $PATH"; exit 1; }
printf %s "$PATH"
') || fault gh "$said"
login=$said

# Programs that the runner finds, and an agent's login shell does not.
IFS=: read -ra folders <<<"$PATH"
lost=()
for folder in "${folders[@]}"; do
  case :$login: in *:"$folder":*) continue ;; esac
  for file in "$folder"/*; do
    [ -f "$file" ] && [ -x "$file" ] && ! PATH=$login type -P "${file##*/}" >/dev/null && lost+=("${file##*/}")
  done
done
tell lost "${lost[*]:0:50}"

tell runner "$(unset "${!GIT_@}" && cd / && git hash-object --no-filters /usr/local/bin/runner.sh)"

kill "$endless" 2>/dev/null || fault no-program "sleep that knows infinity"
kill "$long" 2>/dev/null || fault no-program "sleep that knows 2h"
tell end
