"""Train the front network on what `models.front_data` made, and print how well it answers.

`python -m models.front_training front.npz --output parameters.npz` writes what `models.front_model` builds the ONNX
file from. It needs PyTorch (`requirements/training.txt`). The seed fixes every draw; on another processor or with
another version of PyTorch rounding differs, and so do the parameters a little.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.front_network import FrontNetwork, loss_of

STEPS, BATCH, HELD_OUT = 4000, 32, 400
_RATE, _LAST_RATE, _WARMING = 4e-3, 2e-5, 100
_DECAY = 1e-3
_MOST_SHIFT = 3
_ALARM = 60
"""Pixels on a face with nothing in front of it from which an answer counts as a false alarm."""

Archive = tuple[npt.NDArray[np.uint8], ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.front_training", description=__doc__)
    parser.add_argument("pictures", type=Path, help="archive that models.front_data wrote")
    parser.add_argument("--output", type=Path, required=True, help="archive of parameters to write (.npz)")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"batches of {BATCH} pictures (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of every draw (default: %(default)s)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with np.load(options.pictures, allow_pickle=False) as archive:
        made = tuple(archive[name] for name in ("pictures", "front", "face"))
    network = train(made, steps=options.steps, seed=options.seed)
    np.savez(options.output, **network.parameters_folded())
    print(evaluate(network, made))
    return 0


def train(made: Archive, *, steps: int, seed: int) -> FrontNetwork:
    """Return a network that learnt from all but the first 400 pictures."""
    torch.manual_seed(seed)
    network, rng = FrontNetwork().to(memory_format=torch.channels_last), np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=_DECAY)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step, steps)
        pictures, front, face = varied(batch(made, rng.integers(HELD_OUT, len(made[0]), BATCH)), rng)
        with torch.autocast("cpu", torch.bfloat16):
            answers = network(pictures)
        loss = loss_of(answers.float(), front, face)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if (step + 1) % 200 == 0:
            print(f"step {step + 1} of {steps}: loss {loss.item():.4f}", file=sys.stderr, flush=True)
    return network


def batch(made: Archive, chosen: npt.NDArray[np.integer]) -> tuple[Tensor, Tensor, Tensor]:
    """Return some pictures (N, 3, H, W), what is in front of them and their faces, (N, 1, H, W), 0 to 1."""
    pictures, front, face = (torch.from_numpy(values[chosen]).float() / 255 for values in made)
    return pictures.permute(0, 3, 1, 2), front[:, None], face[:, None]


def varied(drawn: tuple[Tensor, ...], rng: np.random.Generator) -> tuple[Tensor, ...]:
    """Return a batch mirrored, moved and tinted at random."""
    if rng.random() < 0.5:
        drawn = tuple(values.flip(3) for values in drawn)
    shift = tuple(rng.integers(-_MOST_SHIFT, _MOST_SHIFT + 1, 2).tolist())
    pictures, front, face = (torch.roll(values, shift, (2, 3)) for values in drawn)
    tint = torch.from_numpy(np.exp(rng.normal(0, 0.06, (len(pictures), 3, 1, 1)))).float()
    return (pictures * tint).contiguous(memory_format=torch.channels_last), front, face


def rate_at(step: int, steps: int) -> float:
    """Return the learning rate: it rises at first and falls as a half wave of the cosine."""
    return min(1.0, step / _WARMING + 0.05) * _RATE * 0.5 * (1 + float(np.cos(np.pi * step / steps))) + _LAST_RATE


def evaluate(network: FrontNetwork, made: Archive) -> str:
    """Return how well it answers on the first 400 pictures."""
    network.eval()
    with torch.no_grad():
        pictures, front, face = batch(made, np.arange(HELD_OUT))
        found = (torch.sigmoid(network(pictures)) > 0.5) & (face > 0.5)
    true = (front > 0.5) & (face > 0.5)
    both, either = (found & true).sum(), (found | true).sum()
    bare = true.sum((1, 2, 3)) == 0
    alarms = int((found.sum((1, 2, 3))[bare] > _ALARM).sum())
    network.train()
    figures = f"overlap {both / either:.3f}, recall {both / true.sum():.3f}, precision {both / found.sum():.3f}"
    return f"{figures}; false alarms on {alarms} of {int(bare.sum())} faces with nothing in front of them"


if __name__ == "__main__":
    sys.exit(main())
