#!/bin/bash
# One film on a Slurm cluster: planned here, its segments made by an array, joined by a job that waits for them.
#
#   deploy/slurm/film.sh WORK RESULTS OPTIONS …     such as -s me.jpg -t film.mp4 -o film.mp4
#
# WORK is a folder of this film alone, RESULTS the one for what comes of it; all nodes see both. SEGMENT_OPTIONS are handed to
# sbatch for the array, such as --gpus=1 --partition=preempt; TASKS is how many tasks it has at most (256).
# Prints the number of the job that joins.
set -euo pipefail
if (($# < 3)); then
  echo "usage: film.sh WORK RESULTS OPTIONS …" >&2
  exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$1 results=$2
shift 2

planned=$(facefusion job plan --work "$work" "$@")
segments=$(sed -n 's/.*"segments": \([0-9]*\).*/\1/p' <<<"$planned")
tasks=$((segments < ${TASKS:-256} ? segments : ${TASKS:-256}))
mkdir -p "$work.log" "$results"

export FILM_WORK=$work FILM_RESULTS=$results FILM_TASKS=$tasks
# shellcheck disable=SC2086 # several options
array=$(sbatch --parsable --export=ALL --array="0-$((tasks - 1))" --output="$work.log/%a.log" \
  ${SEGMENT_OPTIONS:-} "$here/segments.sh")
sbatch --parsable --export=ALL --dependency="afterok:${array%%;*}" --kill-on-invalid-dep=yes \
  --output="$work.log/merge.log" "$here/merge.sh"
