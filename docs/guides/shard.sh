# A shard to try things on, for the guides in this folder. In bash, in the checkout:
#
#   source docs/guides/shard.sh
#   start_shard 100 101      # etcd, the primary zone1-100 and the replica zone1-101
#   end_shard                # stops all of it and removes its folder
#
# These are the commands of docs/guides/first-shard.md, as functions. $try is the shard's folder:
# NAME.log and NAME.pid of each process, and vt_0000000UID, the tablet's data.
# shellcheck shell=bash

GRAFT_MYSQL_HOME=$(scripts/setup --print-mysql-home)
export GRAFT_MYSQL_HOME
export PATH=$PWD/build/release/bin:$GRAFT_MYSQL_HOME/bin:$PATH
export GRAFT_TOPO_IMPLEMENTATION=etcd2 GRAFT_TOPO_GLOBAL_SERVER_ADDRESS=127.0.0.1:12379
try=$(mktemp -d /tmp/graft-try.XXXXXX)
head -c 16 /dev/urandom | base64 >"$try/password"

# start NAME COMMAND...: runs it in the background.
start() {
  "${@:2}" >>"$try/$1.log" 2>&1 &
  echo $! >"$try/$1.pid"
}

# stop NAME...: ends them with SIGTERM and waits for their ends.
stop() {
  local name
  for name; do kill "$(<"$try/$name.pid")" 2>/dev/null || :; done
  for name; do
    wait "$(<"$try/$name.pid")" || :
    rm "$try/$name.pid"
  done
}

# until_shows TEXT COMMAND...: repeats the command until its output has the text, which it prints.
until_shows() {
  local deadline=$((SECONDS + 120))
  until "${@:2}" 2>&1 | grep -e "$1"; do
    ((SECONDS < deadline)) || { echo "not within two minutes: \"$1\" of ${*:2}" >&2; return 1; }
    sleep 0.2
  done
}

start_etcd() {
  start etcd etcd --data-dir "$try/etcd" --listen-peer-urls http://127.0.0.1:12380 \
    --listen-client-urls http://127.0.0.1:12379 --advertise-client-urls http://127.0.0.1:12379
  until_shows "ready to serve client requests" cat "$try/etcd.log" >/dev/null
}

# init_mysqld UID: makes its data directory. start_mysqld UID: runs it under graft-mysqld.
init_mysqld() {
  graft-mysqld init --data-dir "$try/vt_0000000$1" --server-id "$1" --mysql-port "17$1" \
    --bind-address 127.0.0.1 --report-host 127.0.0.1 --mysql-clone-enabled \
    --db-repl-password-file "$try/password" --db-clone-password-file "$try/password"
}
start_mysqld() { start "mysqld-$1" graft-mysqld run --data-dir "$try/vt_0000000$1"; }

# start_graftd ALIAS FLAG...: the agent of a tablet, its API on port 16UID, its HTTP on 15UID.
start_graftd() {
  local uid=${1##*-}
  start "graftd-$uid" graftd --tablet-path "$1" --tablet-hostname 127.0.0.1 \
    --bind-address 127.0.0.1 --grpc-port "16$uid" --port "15$uid" \
    --init-keyspace shop --init-shard 0 \
    --db-socket "$try/vt_0000000$uid/mysql.sock" --state-dir "$try/graft-$uid" \
    --db-repl-password-file "$try/password" --db-clone-password-file "$try/password" "${@:2}"
}

# sql UID STATEMENT: on that tablet's mysqld.
sql() { mysql --user=vt_dba --socket="$try/vt_0000000$1/mysql.sock" --table --execute "$2"; }

# start_primary ALIAS: starts its mysqld and agent, records it as the primary, and fills its tables:
# three orders, and 24 MB, so that a copy takes some time.
start_primary() {
  start_mysqld "${1##*-}"
  start_graftd "$1"
  until_shows "mysql: 9" graftctl status "$1" >/dev/null
  graftctl topo set-primary shop/0 "$1"
  sql "${1##*-}" "SET GLOBAL read_only = OFF; CREATE DATABASE shop;
    CREATE TABLE shop.orders (id INT PRIMARY KEY, note TEXT);
    INSERT INTO shop.orders VALUES (1, 'one'), (2, 'two'), (3, 'three');
    CREATE TABLE shop.ballast (id INT PRIMARY KEY, note TEXT);
    INSERT INTO shop.ballast WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
      WHERE i < 500) SELECT i, REPEAT(HEX(RANDOM_BYTES(512)), 48) FROM n"
}

# start_shard UID...: the first is the primary; the others are provisioned at their start.
start_shard() {
  local uid
  (for uid; do init_mysqld "$uid" & done; wait)
  start_etcd
  graftctl topo add-cell zone1
  start_primary "zone1-$1"
  for uid in "${@:2}"; do
    start_mysqld "$uid"
    start_graftd "zone1-$uid" --restore-with-clone --clone-from-any
  done
  for uid in "${@:2}"; do
    until_shows "done: data CLONED" graftctl watch "zone1-$uid"
  done
}

end_shard() {
  local kind file names
  for kind in prometheus graftd mysqld etcd; do
    names=()
    for file in "$try/$kind"*.pid; do
      [[ ! -e $file ]] || names+=("$(basename "$file" .pid)")
    done
    stop "${names[@]}"
  done
  rm -rf "$try"
}
