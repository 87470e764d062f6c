# Shell functions shared by scripts/demo and scripts/bench. Source it; it runs nothing by itself.
# shellcheck shell=bash

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# A pause without a process: reads from a pipe that nobody writes to.
exec {nobody_writes}<> <(:)
pause() { read -rt "$1" -u "$nobody_writes" _ || :; }

now() { printf '%s' "$EPOCHREALTIME"; }

# seconds_since T: with two decimals.
seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }'; }

# await SECONDS WHAT COMMAND...: until the command succeeds; dies with WHAT when time is over.
await() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || die "waited in vain for: $what"
    pause 0.05
  done
}

# free_ports N: N distinct free ports on loopback, none from the range that the system takes ports
# for outgoing connections from: one of those is soon somebody else's.
free_ports() {
  python3 - "$1" <<'PY'
import random, socket, sys
with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
    low, high = map(int, f.read().split())
ports = [p for p in range(10000, 65536) if not low <= p <= high] or list(range(10000, 65536))
taken = []
for port in random.sample(ports, len(ports)):
    if len(taken) == int(sys.argv[1]):
        break
    s = socket.socket()
    try:
        s.bind(("127.0.0.1", port))
        taken.append(s)
    except OSError:
        s.close()
print(*[s.getsockname()[1] for s in taken])
PY
}

# Processes that the script started, ended in reverse order, each by its id.
started=()
start() { # start LOG COMMAND...
  local log=$1
  shift
  "$@" >"$log" 2>&1 </dev/null &
  started+=($!)
}
stop_all() {
  local i
  for ((i = ${#started[@]} - 1; i >= 0; i--)); do
    kill -TERM "${started[i]}" 2>/dev/null || :
    wait "${started[i]}" 2>/dev/null || :
  done
  started=()
}

# build_programs PRESET: sets `bin` for the script that sourced this.
build_programs() {
  cmake --preset "$1" >/dev/null || cmake --preset "$1"
  cmake --build --preset "$1" --target graftd graftctl graft-mysqld graft-backup -- --quiet
  # shellcheck disable=SC2034
  bin=$PWD/build/$1/bin
}
