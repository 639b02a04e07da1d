# shellcheck shell=bash
# Completion in bash for divvy, ventilator, worker and sink. The options come from their own --help.

_divvy() {
  local word=${COMP_WORDS[COMP_CWORD]} before=("${COMP_WORDS[@]:1:COMP_CWORD-1}") what=(-f)
  if [[ ${before[*]: -1} == -- ]]; then
    what=(-c)
  elif [[ $word == -* && " ${before[*]} " != *' -- '* ]]; then
    what=(-W "$("$1" --help 2>/dev/null | sed '/^Examples:/q' | grep '^  -' | grep -oE -- '(^ | )--?[a-z0-9-]+')")
  fi
  mapfile -t COMPREPLY < <(compgen "${what[@]}" -- "$word")
}

complete -o filenames -F _divvy divvy ventilator worker sink
