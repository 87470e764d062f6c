#!/usr/bin/env bash
# Runs the ```sh blocks of a document as they stand, one after the other in one bash, with the
# programs of this build.
#
#   guides_test.sh FILE[#HEADING] TEXT...
#
# FILE#HEADING takes only the blocks below that heading; a block that builds is left out. The output
# of the blocks must have each TEXT, and the blocks must end every process that they start.
set -euo pipefail
file=${1%%#*}
heading=
[[ $1 != *#* ]] || heading=${1#*#}
shift

# A folder that looks like the checkout, but for its build.
work=$(mktemp -d "${TMPDIR:-/tmp}/graft-guide.XXXXXX")
# mysqld has a session of its own, so the environment shows which processes belong to the blocks.
running() { grep -lzsxF "GRAFT_GUIDE=$work" /proc/[0-9]*/environ | cut -d / -f 3 || :; }
finish() {
  local pid
  for pid in $(running); do kill -KILL "$pid" 2>/dev/null || :; done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
for entry in "$GRAFT_SOURCE_DIR"/*; do
  [[ ${entry##*/} == build ]] || ln -s "$entry" "$work/"
done
mkdir -p "$work/build/release"
ln -s "$GRAFT_BIN_DIR" "$work/build/release/bin"
cd "$work"

awk -v heading="$heading" '
  BEGIN {on = heading == ""}
  heading != "" && /^## / {on = $0 == "## " heading}
  on && /^```sh$/ {inside = 1; block = ""; next}
  /^```$/ {if (inside && block !~ /cmake --build/) printf "%s", block; inside = 0}
  inside {block = block $0 "\n"}' "$file" >blocks.sh

# The shell that a person has at a prompt, but it stops at the first command that fails.
cat >run.sh <<'RUN'
set -euo pipefail
ended() {
  local code=$?
  set +e
  if ((code)); then
    printf '\n%s: a command failed (%d); the logs are in %s; their last lines:\n' \
      "$1" "$code" "${try:-no folder}"
    tail -n 8 "${try:-/nonexistent}"/*.log "${try:-/nonexistent}"/vt_*/error.log 2>/dev/null
  fi
  # shellcheck disable=SC2046
  kill $(jobs -p) 2>/dev/null
  wait
  exit "$code"
}
trap 'ended "$1"' EXIT
source ./blocks.sh
if [[ -n $(jobs -rp) ]]; then
  echo "$1 leaves these running:"
  jobs -l
  exit 1
fi
RUN

code=0
GRAFT_GUIDE=$work timeout --kill-after=20 280 bash run.sh "$file" >output 2>&1 || code=$?
cat output
left=$(running)
if [[ -n $left ]]; then
  echo "$file: these were still running at its end, and are killed now:"
  # shellcheck disable=SC2086
  ps -o pid=,args= -p ${left//$'\n'/,}
  exit 1
fi
((code == 0)) || exit "$code"
for text; do
  grep -q -e "$text" output || {
    echo "$file: nothing has printed \"$text\""
    exit 1
  }
done
