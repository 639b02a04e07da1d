#!/bin/sh
# Adds workers to a ventilator that runs elsewhere, one a job, with as many slots as the job has CPUs. What follows the
# script are options of worker:
#
#   sbatch --array=1-10 --cpus-per-task=8 --time=2:00:00 scripts/slurm/workers.sh --at 10.0.0.5 --key lab.key -- COMMAND {}
#
# They may start at any time, and be preempted or cancelled: what they run goes back to the ventilator, and to others.
# They end when there has been nothing to do for ten minutes, or shortly before the time limit. The program is worker of
# DIVVY_BIN, or of the PATH. The nodes have to reach the address, and its machine has to reach the nodes.
#SBATCH --job-name=divvy-worker
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@120
# That was: 120 seconds before the time limit the worker, which this script becomes, is told to take no more tasks. At the
# limit what still runs is ended, and goes back.

case " $* " in
  *' --idle-timeout'*) ;;
  *) set -- --idle-timeout 10m "$@" ;;
esac
PATH=${DIVVY_BIN:+$DIVVY_BIN:}$PATH
exec worker -j "$SLURM_CPUS_ON_NODE" "$@"
