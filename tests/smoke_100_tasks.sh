#!/usr/bin/env bash
# The guide's batch as a user would run it: a sink, four workers, a ventilator with 100 workloads.
# All are recorded, and it takes well under the total expected cost.
# Usage: smoke_100_tasks.sh DIRECTORY_OF_EXECUTABLES
set -eu -o pipefail

bin=$1
dir=$(mktemp -d /tmp/divvy-smoke.XXXXXX)
at="ipc://$dir"
workers=()
trap 'kill "${workers[@]}" 2>/dev/null || true; wait; rm -rf "$dir"' EXIT

"$bin/sink" --at "$at" >"$dir/sink.txt" &
sink=$!
for i in 1 2 3 4; do
  "$bin/worker" --at "$at" >"$dir/worker-$i.txt" &
  workers+=($!)
done
"$bin/ventilator" --at "$at" --random 100 --workers 4 >"$dir/ventilator.txt"
wait "$sink"

cat "$dir/ventilator.txt" "$dir/sink.txt"
marks=$(tr -dc ':.' <<<"$(head -1 "$dir/sink.txt")" | wc -c)
cost=$(sed -n 's/^Total expected cost: \([0-9]*\) msec$/\1/p' "$dir/ventilator.txt")
elapsed=$(sed -n 's/^Total elapsed time: \([0-9]*\) msec$/\1/p' "$dir/sink.txt")
echo "$marks tasks recorded, elapsed/cost = $elapsed/$cost"
[ "$marks" = 100 ] || { echo "not all 100 tasks are recorded"; exit 1; }
[ $((elapsed * 2)) -lt "$cost" ] || { echo "not well under the expected cost"; exit 1; }
