#!/bin/bash
#SBATCH --job-name=facefusion
#SBATCH --requeue
#SBATCH --open-mode=append
# Each task makes every FILM_TASKS-th segment, from its own number on, which is SLURM_ARRAY_TASK_ID. A task that is pre-empted
# is begun again by Slurm; what it had finished stays, so it loses no more than one segment.
exec facefusion job run-segment --work "$FILM_WORK" --of "$FILM_TASKS"
