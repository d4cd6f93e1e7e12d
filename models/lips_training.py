"""Train the lip network on what `models.lips_data` made, and print how well it answers.

`python -m models.lips_training lips.npz --output parameters.npz` writes what `models.lips_model` builds the ONNX file
from. It needs PyTorch (`requirements/training.txt`). The seed fixes every draw; on another processor or with another
version of PyTorch rounding differs, and so do the parameters a little.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from models.lips_augmentation import gap, plain, varied
from models.lips_model import POINTS
from models.lips_network import LipNetwork, loss_of
from models.lips_table import errors, line, table

STEPS, BATCH = 6000, 48
_RATE, _LAST_RATE, _WARMING = 1.2e-3, 1e-5, 100
_DECAY = 1e-3
_OPEN_COUNTS = 100.0
_OPEN_MOST = 0.12
"""A mouth is drawn more often by so much for each crop side of its gap, up to this gap."""
TRAINED = "training"


@dataclass(frozen=True, slots=True, eq=False)
class Mouths:
    """What `models.lips_data` wrote.

    Attributes:
        crops: RGB uint8 (N, 112, 112, 3).
        teacher: the teacher's lips, float32 (N, 40, 2), in shares of the crop.
        mesh: the mesh's own lips, likewise.
        part: what each is for, strings (N,).
    """

    crops: npt.NDArray[np.uint8]
    teacher: npt.NDArray[np.float32]
    mesh: npt.NDArray[np.float32]
    part: npt.NDArray[np.str_]

    @classmethod
    def read(cls, path: Path) -> Mouths:
        """Read the archive."""
        with np.load(path, allow_pickle=False) as archive:
            return cls(*(archive[name] for name in ("crops", "teacher", "mesh", "part")))

    def of(self, part: str) -> Mouths:
        """Return one part alone."""
        chosen = self.part == part
        return Mouths(self.crops[chosen], self.teacher[chosen], self.mesh[chosen], self.part[chosen])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.lips_training", description=__doc__)
    parser.add_argument("mouths", type=Path, help="archive that models.lips_data wrote")
    parser.add_argument("--output", type=Path, required=True, help="archive of parameters to write (.npz)")
    parser.add_argument("--steps", type=int, default=STEPS, help="batches of 48 mouths (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of every draw (default: %(default)s)")
    options = parser.parse_args(arguments)
    # One thread each: the same sums in the same order wherever it runs.
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    mouths = Mouths.read(options.mouths)
    network = train(mouths.of(TRAINED), steps=options.steps, seed=options.seed)
    np.savez(options.output, **network.parameters_folded())
    print(table(evaluate(network, mouths)))
    return 0


def train(mouths: Mouths, *, steps: int, seed: int) -> LipNetwork:
    """Return a network that learnt from these mouths."""
    torch.manual_seed(seed)
    network = LipNetwork(mouths.teacher.mean(0)).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=_DECAY)
    rng = np.random.default_rng(seed)
    with ThreadPoolExecutor(1) as drawing:
        following = drawing.submit(draw, mouths, rng)
        for step in range(steps):
            pictures, lips = following.result()
            following = drawing.submit(draw, mouths, rng)
            for group in optimiser.param_groups:
                group["lr"] = rate_at(step, steps)
            batch = torch.from_numpy(pictures).contiguous(memory_format=torch.channels_last)
            loss = loss_of(network(batch).view(-1, POINTS, 2), torch.from_numpy(lips))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if (step + 1) % 500 == 0:
                print(f"step {step + 1} of {steps}: loss {loss.item():.4f}", file=sys.stderr, flush=True)
    return network


def draw(mouths: Mouths, rng: np.random.Generator) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Draw a batch: pictures (BATCH, 3, 64, 64) and lips (BATCH, 40, 2); open mouths, the rarer, more often."""
    weights = 1 + _OPEN_COUNTS * np.clip(gap(mouths.teacher), 0, _OPEN_MOST)
    chosen = rng.choice(len(weights), BATCH, p=weights / weights.sum())
    pictures, lips = zip(*(varied(mouths.crops[i], mouths.teacher[i], rng) for i in chosen), strict=True)
    return np.array(pictures), np.array(lips)


def rate_at(step: int, steps: int) -> float:
    """Return the learning rate: it rises at first and falls as a half wave of the cosine."""
    return min(1.0, step / _WARMING) * _RATE * 0.5 * (1 + float(np.cos(np.pi * step / steps))) + _LAST_RATE


def evaluate(network: LipNetwork, mouths: Mouths) -> list[str]:
    """Return lines of the table: each part that was not trained on, with the mesh alone and with the network."""
    lines = []
    for part in sorted(set(mouths.part) - {TRAINED}):
        some = mouths.of(part)
        pictures, lips = zip(*(plain(*pair) for pair in zip(some.crops, some.teacher, strict=True)), strict=True)
        lines.append(line(f"{part} ({len(lips)} mouths): mesh alone", errors(some.mesh, some.teacher)))
        lines.append(line("with this network", errors(network.lips(np.array(pictures)), np.array(lips))))
    return lines


if __name__ == "__main__":
    sys.exit(main())
