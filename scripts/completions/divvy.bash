# shellcheck shell=bash
# Completion in bash for divvy, ventilator, worker and sink. What there is, their own --help says.

# The options of a --help, one a line, with the name of their value if they have one. Rows are like
#   -j, --jobs N                   Run N tasks at once (default: one a core)
#   --journal FILE, --summary FILE Results to an SQLite database; figures as JSON
_divvy_options() {
  local option='--?[a-z0-9][a-z0-9-]*( \[?[A-Z]+\]?)?' labels
  labels=$(sed -E "/^  -/!d; s/^  ($option(, $option)*)( .*|\$)/\\1/
    s/(-[a-z0-9]), (--[a-z0-9-]+)( [^,]+)/\\1\\3, \\2\\3/
    / ENDPOINT\$/s/,/ ENDPOINT,/g")
  echo "${labels//, /$'\n'}"
}

_divvy() {
  local program=("${1/#\~\//$HOME/}") words=() line=$COMP_LINE piece i help options what=()

  # Bash splits at = and : too. What follows without a blank belongs to the word before.
  for piece in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if [[ $line == [[:blank:]]* || ! ${words[*]} ]]; then
      words+=("$piece")
      line=${line#"${line%%[![:blank:]]*}"}
    else
      words[-1]+=$piece
    fi
    line=${line#"$piece"}
  done

  local programs=''
  if [[ ${1##*/} == divvy ]]; then
    case ${#words[@]},${words[1]} in
      2,*) programs='ventilator worker sink report' ;;
      *,ventilator | *,worker | *,sink | *,report) program+=("${words[1]}") words=("${words[@]:1}") ;;
    esac
  fi
  help=$("${program[@]}" --help 2>/dev/null)
  local usage=${help%%$'\n'*} last=$((${#words[@]} - 1))
  [[ $usage == *'[FILE...]'* ]] && what=(-f -W "$programs")
  [[ $usage == *JOURNAL* ]] && what=(-f)

  for ((i = 1; i < last; ++i)); do
    [[ ${words[i]} == -- ]] || continue
    if [[ $usage == *'-- COMMAND'* ]]; then
      what=(-f)
      ((i + 1 < last)) || what=(-c)
    fi
    break
  done

  if ((i >= last)); then
    options=$'\n'$(_divvy_options <<<"$help")$'\n'
    local word=${words[last]} option=${words[last - 1]} value=''
    [[ $word == --*=* ]] && option=${word%%=*}
    [[ $options =~ $'\n'"$option "([^$'\n']+) ]] && value=${BASH_REMATCH[1]}
    case $value,$word in
      FILE,* | JOURNAL,* | DB,* | HOSTS,*) what=(-f) ;;
      DIR,*) what=(-d) ;;
      ,-* | '[N],-'*) what=(-W "$options") ;;
      ,*) ;;
      *) what=() ;;
    esac
  fi
  ((${#what[@]})) && mapfile -t COMPREPLY < <(compgen "${what[@]}" -- "$2")
}

complete -o filenames -F _divvy divvy ventilator worker sink
