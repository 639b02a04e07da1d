#!/bin/sh
# One batch on all that Slurm allocates: ventilator and sink on the first node, on each node a worker with as many
# slots as it has CPUs there. Submit it in a directory that the nodes share:
#
#   sbatch --job-name=thumbs --nodes=4 --time=8:00:00 scripts/slurm/batch.sh files.txt -- convert {} {}.png
#
# The job's name is the batch's. Its directory, thumbs.divvy, has the key and the journal. Requeued, preempted, or
# submitted again, the batch goes on, and what is recorded there is not run again. What the tasks print is in the job's
# output. The programs are those of DIVVY_BIN, or of the PATH. Options of the three are added below, where they start.
#SBATCH --job-name=divvy
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --no-kill
#SBATCH --signal=B:USR1@120
# That was: a node that fails is a worker less, and 120 seconds before the time limit the batch stops, to be requeued.
# What runs may take so many of these seconds to end:
grace=90

if [ $# -lt 3 ] || [ "$2" != -- ]; then
  echo 'usage: sbatch [OPTION...] batch.sh TASKS -- COMMAND [ARG...]' >&2
  exit 255
fi
tasks=$1
shift 2

PATH=${DIVVY_BIN:+$DIVVY_BIN:}$PATH
umask 077
dir=$SLURM_JOB_NAME.divvy
mkdir -p "$dir"
[ -e "$dir/key" ] || ventilator --make-key "$dir/key" || exit 255

# Three ports of this job's, below those that the system gives away.
at=$SLURMD_NODENAME:$((20000 + SLURM_JOB_ID % 4000 * 3))

# The ventilator hands out no more, and waits for what runs; when told again it does not.
stop() {
  kill "$ventilator" 2>/dev/null
  { sleep "$1"; kill "$ventilator" 2>/dev/null; } &
}
requeue=no
trap 'requeue=yes; stop "$grace"' USR1
trap 'stop "$grace"' TERM

sink --at "$at" --key "$dir/key" --journal "$dir/journal.db" &
sink=$!
ventilator --at "$at" --key "$dir/key" --name "$SLURM_JOB_NAME" "$tasks" &
ventilator=$!
# Slurm binds no task to a CPU: what a worker runs has all of its node's.
# shellcheck disable=SC2016 # as many as there are on that node
srun --no-kill --cpu-bind=none sh -c 'exec worker -j "$SLURM_CPUS_ON_NODE" "$@"' worker \
  --at "$at" --key "$dir/key" -- "$@" &
workers=$!

runs() { kill -0 "$1" 2>/dev/null; }
# Sets `ended` to its exit status. A signal to this script ends a wait, and may cost a shell the status: so not before
# it has ended.
await() { while runs "$1"; do sleep 1; done; wait "$1"; ended=$?; }
while runs "$ventilator" && runs "$sink"; do sleep 1; done
# Who could not go on (255) leaves the other one waiting.
if runs "$ventilator"; then
  await "$sink"
  status=$ended
  [ "$status" -ne 255 ] || stop 0
  await "$ventilator"
else
  await "$ventilator"
  [ "$ended" -ne 255 ] || kill "$sink" 2>/dev/null
  await "$sink"
  status=$ended
fi

# With the job Slurm ends the workers, too. Otherwise they would wait for another batch.
if [ "$requeue" = yes ] && [ "$status" -eq 255 ]; then exec scontrol requeue "$SLURM_JOB_ID"; fi
scancel --signal=TERM "$SLURM_JOB_ID.0"
wait "$workers"
exit "$status"
