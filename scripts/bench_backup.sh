# The part of scripts/bench --backup: backups beside tar and zstd, and beside mydumper and myloader.
# shellcheck shell=bash

for program in etcd etcdctl tar zstd mydumper myloader; do
  command -v "$program" >/dev/null || die "there is no $program; install Debian's package"
done
export PATH=$bin:$PATH
code=0
# The programs have their folder, and their files, below $TMPDIR; the servers end before the program.
tests/bench/backup_bench.py --sizes "$(IFS=,; printf '%s' "${bytes[*]}")" --runs "$runs" \
  --dumps "$dump_runs" --work "$work" --text "$work/backups.md" ${json:+--json "$(realpath "$json")"} &
started+=($!)
wait "${started[0]}" || code=$?
if [[ -n $publish ]] && ((code == 0 || code == 3)); then
  tests/bench/publish.py --backup "$json" "$work/backups.md" "$command"
fi
exit "$code"
