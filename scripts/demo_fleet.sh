# The second half of scripts/demo --fleet: empty replicas, filled from the primary and each other.
# shellcheck shell=bash

part "$fleet empty replicas"
read -r -a mysql_ports < <(free_ports "$fleet")
read -r -a grpc_ports < <(free_ports "$fleet")
uids=()
for ((i = 0; i < fleet; ++i)); do
  uids+=("$(printf '%010d' $((101 + i)))")
  start_mysqld "${uids[i]}" $((101 + i)) "${mysql_ports[i]}"
done

await_done() { # await_done UID
  graftctl watch "zone1-$1" >"$work/watch-$1.log" || die "zone1-$1 was not rebuilt: $(<"$work/watch-$1.log")"
}
part "graftd of each provisions its tablet${one_by_one:+, one by one}"
for ((i = 0; i < fleet; ++i)); do
  start_graftd "${uids[i]}" "${grpc_ports[i]}" "${mysql_ports[i]}" --restore-with-clone \
    --clone-from-any --donors primary,replica \
    --clone-max-data-bandwidth "$throttle"
  [[ -z $one_by_one ]] || await_done "${uids[i]}"
done
for uid in "${uids[@]}"; do await_done "$uid"; done

part "who copied whom"
for uid in "${uids[@]}"; do graftctl describe "zone1-$uid" --json; done | scripts/demo_rounds.py
graftctl tablets

part "proof"
checksums() { sql "$1" "CHECKSUM TABLE shop.orders, shop.customers"; }
on_primary=$(checksums 0000000100)
for uid in "${uids[@]}"; do
  [[ $(checksums "$uid") == "$on_primary" ]] || die "checksums differ on zone1-$uid"
done
echo "checksums agree on all $fleet"
part ""
printf '\n== how long each part took\n'
printf '%s\n' "${parts[@]}"
