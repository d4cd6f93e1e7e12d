"""Whether an output says in enough ways that software edited it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from facefusion.errors import DisclosureError
from facefusion.trust.policy.policy import Policy

Layer = Literal["label", "watermark", "metadata", "provenance"]


def required_layers(policy: Policy, possible: Collection[Layer]) -> frozenset[Layer]:
    """Return the layers that an output must have.

    Args:
        policy: what holds.
        possible: the layers that the output's form can hold.

    Raises:
        DisclosureError: the form cannot hold one that the policy insists on, or none at all.
    """
    rules = policy.disclosure
    insisted: dict[Layer, bool] = {
        "label": rules.label.value != "none",
        "watermark": rules.watermark.value,
        "provenance": rules.provenance.value == "required",
    }
    for layer, is_insisted in insisted.items():
        if is_insisted and layer not in possible:
            raise DisclosureError(
                f"The output can bear no {layer}, which the policy {policy.name} requires", "Choose another form"
            )
    wished: dict[Layer, bool] = {
        "metadata": rules.metadata.value,
        "provenance": rules.provenance.value == "when-possible",
    }
    found = {layer for layer, is_insisted in insisted.items() if is_insisted}
    found |= {layer for layer, is_wished in wished.items() if is_wished and layer in possible}
    if not found:
        raise DisclosureError(
            f"The output could bear no mark at all under the policy {policy.name}, and none leaves without",
            "Choose another form, or ask for a label or a watermark",
        )
    return frozenset(found)


def check_disclosed(policy: Policy, present: Collection[Layer], possible: Collection[Layer]) -> None:
    """Make sure before an output is published that it has every layer that it must have.

    Args:
        policy: what holds.
        present: the layers that were put in.
        possible: the layers that the output's form can hold.

    Raises:
        DisclosureError: one is missing.
    """
    missing = required_layers(policy, possible) - set(present)
    if missing:
        raise DisclosureError(
            f"The output lacks what the policy {policy.name} requires: {', '.join(sorted(missing))}",
            "It was not published; run the job again, and report this if it happens again",
        )
