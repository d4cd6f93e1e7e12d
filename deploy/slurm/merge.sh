#!/bin/bash
#SBATCH --job-name=facefusion-merge
#SBATCH --requeue
#SBATCH --open-mode=append
exec facefusion job merge --work "$FILM_WORK" --to "$FILM_RESULTS" --overwrite
