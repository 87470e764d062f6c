# The second half of scripts/demo --backup: a backup by way of a clone, and a replica from it.
# shellcheck shell=bash

backups=(--file-backup-storage-root "$work/backups")
mkdir "$work/backups"

part "graft-backup"
graft-backup --init-keyspace shop --init-shard 0 --restore-with-clone --clone-from-any \
  --allow-first-backup --work-dir "$work/backup" "${backups[@]}" \
  --db-repl-password-file "$work/repl.password" --db-clone-password-file "$work/clone.password" \
  >"$work/graft-backup.log" 2>&1 || die "no backup was made"
graftctl backups list shop/0 "${backups[@]}"
graftctl backups verify shop/0 "${backups[@]}"

part "the replica's data directory is destroyed"
sql 0000000100 "INSERT INTO shop.customers VALUES (100001, 'arrived after the backup')"
kill "${started[2]}" # its graft-mysqld
wait "${started[2]}" || :
rm -rf "$work/vt_0000000101/data"
mkdir "$work/vt_0000000101/data"
echo "$work/vt_0000000101/data is empty"

part "graftctl backups restore"
graftctl backups restore shop/0 "${backups[@]}" --to "$work/vt_0000000101/data"
start "$work/mysqld-0000000101.log" graft-mysqld run --data-dir "$work/vt_0000000101"
await 60 "mysqld of 0000000101" sql 0000000101 "SELECT 1"
sql 0000000101 "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=$primary_mysql,
  SOURCE_USER='vt_repl', SOURCE_PASSWORD='$(<"$work/repl.password")', SOURCE_SSL=1,
  SOURCE_AUTO_POSITION=1; START REPLICA"
await_caught_up

part "proof"
checksums() { sql "$1" "CHECKSUM TABLE shop.orders, shop.customers"; }
on_primary=$(checksums 0000000100)
on_replica=$(checksums 0000000101)
[[ $on_primary == "$on_replica" ]] || die "checksums differ: $on_primary / $on_replica"
printf 'checksums agree on both sides:\n%s\n' "$on_primary"
graftctl tablets

part ""
printf '\n== how long each part took\n'
printf '%s\n' "${parts[@]}"
