#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "command_line/command_line.h"

namespace graft {
namespace {

// The three scripts have one shape. They go through the words in front of the cursor: `kind` is the
// value that the last option still wants, `command` what the other words name, `given` all of them.
// Without a kind they offer the table's words for this command, else values of this kind.

// bash parts --option=value into three words.
constexpr char kBash[] = R"sh(# bash completion of PROGRAM

FUNCTION() {
  local table=TABLE
  local current=${COMP_WORDS[COMP_CWORD]} command='' kind='' given=' ' words='' options=''
  local where name value not_after word
  [[ $current != '=' ]] || current=
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $kind ]]; then
      [[ $word == '=' ]] || kind=
    elif [[ -n $word && $'\n'$table =~ $'\n'("$command"|'*')'|'"$word"'|'([^|]*) ]]; then
      if [[ $word == -* ]]; then kind=${BASH_REMATCH[2]}; else command=${BASH_REMATCH[2]}; fi
      given+="$word "
    fi
  done
  while [[ -z $kind ]] && IFS='|' read -r where name value not_after _; do
    [[ $where == "$command" || $where == '*' ]] || continue
    for word in $not_after; do [[ $given != *" $word "* ]] || continue 2; done
    case $name in
      -*) options+=" $name" ;;
      '') [[ $current == -* ]] || kind=$value ;;
      *) words+=" $name" ;;
    esac
  done <<<"$table"
  [[ $current != -* ]] || words=
  COMPREPLY=()
  case $kind in
    FILE) set -- -f ;;
    DIR) set -- -d ;;
    [[:upper:]]*) return ;;
    *) set -- -W "${kind:-${words:-$options}}" ;;
  esac
  [[ $1 == -W ]] || compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$@" -- "$current")
}

complete -F FUNCTION PROGRAM
)sh";

// Found in fpath the text is the function's first call; sourced it only makes itself known.
constexpr char kZsh[] = R"sh(#compdef PROGRAM

FUNCTION() {
  local text=TABLE command kind given=' ' word line
  local -a table=("${(@f)text}") before=("${(@)words[2,CURRENT-1]}") row commands options
  if [[ $PREFIX == --*=* ]]; then
    before+=${PREFIX%%=*}
    compset -P '*='
  fi
  for word in "${(@)before}"; do
    row=(${(M)table:#($command|\*)\|${word%%=*}\|*})
    row=("${(@s:|:)row[1]}")
    if [[ -n $kind ]]; then
      kind=
    elif [[ -n $word && -n $row[2] ]]; then
      if [[ $word != -* ]]; then command=$row[3]; elif [[ $word != *=* ]]; then kind=$row[3]; fi
      given+="$row[2] "
    fi
  done
  [[ -z $IPREFIX || -n $kind ]] || return 1
  for line in ${(M)table:#($command|\*)\|*}; do
    row=("${(@s:|:)line}")
    for word in ${=row[4]}; do [[ $given != *" $word "* ]] || continue 2; done
    case $kind$row[2] in
      -*) options+=("$row[2]:$row[5]") ;;
      '') [[ $PREFIX == -* ]] || kind=$row[3] ;;
      *) commands+=("$row[2]:$row[5]") ;;
    esac
  done
  case $kind in
    FILE) _files ;;
    DIR) _files -/ ;;
    [[:upper:]]*) _message $kind ;;
    ?*) compadd -- ${=kind} ;;
    *) [[ $PREFIX != -* ]] && _describe -t commands command commands ||
         _describe -o option options ;;
  esac
}

if [[ $funcstack[1] == FUNCTION ]]; then
  FUNCTION "$@"
else
  compdef FUNCTION PROGRAM
fi
)sh";

constexpr char kFish[] = R"sh(# fish completion of PROGRAM

function _FUNCTION
    set -l table (string split -n \n -- TABLE)
    set -l before (commandline -opc)[2..]
    set -l current (string split -m1 = -- "$(commandline -ct)")
    set -l prefix ''
    if set -q current[2]; and string match -q -- '--*' $current[1]
        set -a before $current[1]
        set prefix $current[1]=
    end
    set -l command ''; set -l kind ''; set -l given; set -l words; set -l options
    for word in $before
        set -l name (string split -m1 = -- $word)
        set -l rule '\|'(string escape --style=regex -- "$name[1]")'\|([^|]*)'
        set -l value (string match -rg "^(?:$command|\*)(?!\|\|)$rule" -- $table)[1]
        if test -n "$kind"
            set kind ''
        else if string match -q -- '-*' $word
            set -a given $name[1]
            set -q name[2]; or set kind "$value"
        else if test -n "$value"
            set command $value
        end
    end
    test -n "$prefix" -a -z "$kind"; and return
    for line in (string match -r "^(?:$command|\*)\|.*" -- $table)
        set -l row (string split '|' -- $line)
        for option in (string split -n ' ' -- $row[4])
            contains -- $option $given; and set row[2] given
        end
        switch "$kind$row[2]"
            case given
            case '-*'
                string match -q -- "$current[-1]*" $row[2]; and set -a options $row[2]\t$row[5]
            case ''
                string match -q -- '-*' $current[-1]; or set kind $row[3]
            case '*'
                set -a words $row[2]\t$row[5]
        end
    end
    switch $kind
        case FILE
            set words (__fish_complete_path $current[-1])
        case DIR
            set words (__fish_complete_directories $current[-1] '')
        case ''
            string match -q -- '-*' $current[-1]; or not set -q words[1]; and set words $options
        case '*'
            set words (string match -rv '^[[:upper:]]' -- (string split ' ' -- $kind))
    end
    set -q words[1]; and string replace -r -- '^' "$prefix" $words
end

complete -c PROGRAM -f -a '(_FUNCTION)'
)sh";

}  // namespace

std::string CompletionScript(const std::string& shell, const std::string& program,
                             const std::string& table) {
  const char* script = shell == "bash"   ? kBash
                       : shell == "zsh"  ? kZsh
                       : shell == "fish" ? kFish
                                         : "";
  // A quote within quotes that all three shells read alike.
  const std::string quoted = absl::StrCat("'", absl::StrReplaceAll(table, {{"'", "'\"'\"'"}}), "'");
  const std::string function = "_" + absl::StrReplaceAll(program, {{"-", "_"}});
  return absl::StrReplaceAll(script,
                             {{"PROGRAM", program}, {"FUNCTION", function}, {"TABLE", quoted}});
}

}  // namespace graft
