#!/usr/bin/env bash
# Runs the README's "A first use by hand" as it stands, but with the programs of this build.
set -euo pipefail
cd "$GRAFT_SOURCE_DIR"

commands=$(mktemp "${TMPDIR:-/tmp}/graft-readme.XXXXXX")
awk '/^## A first use by hand/ {on = 1; next} /^## / {on = 0}
     on && /^```sh$/ {block++; take = block > 1; next}   # the first block builds
     /^```$/ {take = 0} take' README.md |
  sed "s#\$PWD/build/release/bin#$GRAFT_BIN_DIR#" >"$commands"
for word in "graft-mysqld init" "graftd --tablet-path" "graftctl reprovision" "kill"; do
  grep -q -e "$word" "$commands" || {
    echo "the README's first use has no \"$word\" any more" >&2
    exit 1
  }
done

# A shell of its own: job control and variables as a person at a prompt has them.
output=$(mktemp "${TMPDIR:-/tmp}/graft-readme.XXXXXX")
trap 'rm -f "$commands" "$output"' EXIT
if ! bash -euo pipefail -c 'trap "kill \$(jobs -p) 2>/dev/null || :; wait" EXIT; source "$1"' \
  readme "$commands" >"$output" 2>&1; then
  cat "$output"
  echo "a command of the README failed" >&2
  exit 1
fi
cat "$output"
grep -q "done: data CLONED" "$output" || {
  echo "nothing was cloned" >&2
  exit 1
}
