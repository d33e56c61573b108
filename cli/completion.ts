import type { Caller } from "./caller.ts";

/** The shells that a completion is made for. */
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** Each asks the command itself, by the words as they were typed, so that each clone completes its own stacks. */
const scripts: Readonly<Record<Shell, string>> = {
  bash: `_cooperbench_machine() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]/#\\~/$HOME}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _cooperbench_machine machine ./machine
`,
  zsh: `#compdef machine
_cooperbench_machine() {
  local -a found
  found=("\${(@f)$("\${~words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("\${(@)found:#}")
  found=("\${(@)found/$'\\t'/:}")
  if (( $#found )); then _describe 'machine' found; else _files; fi
}
compdef _cooperbench_machine machine
`,
  fish: `function __cooperbench_machine
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l machine (string replace -r '^~' $HOME -- $words[1])
    set -l found ($machine complete -- $words[2..-1] "$current" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete -c machine --no-files -a '(__cooperbench_machine)'
`,
};

/** `./machine completion SHELL`: prints the script that has a shell complete this command. */
export function completion(shell: Shell, { output }: Pick<Caller, "output">): number {
  output.print(scripts[shell]);
  return 0;
}
