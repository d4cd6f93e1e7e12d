"""Which models a job uses: what its records and manifests name."""

from __future__ import annotations

from functools import reduce

from facefusion.engine.plan import Plan
from facefusion.inference.opening import open_catalogue, open_store
from facefusion.inference.store.pull import chosen_cards
from facefusion.options import Options, iter_leaves


def models_of(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Return name and SHA-256 of the weights of each model that a job names, and of those that these require."""
    catalogue, store = open_catalogue(plan.options.models), open_store(plan.options.models)
    wanted = {spec.model_option for spec in plan.processors if spec.model_option}
    if any(spec.is_given_faces(plan.options) for spec in plan.processors):
        wanted |= {name for name in type(plan.options.faces).model_fields if name.endswith(("_model", "_models"))}
    leaves = [leaf for leaf in iter_leaves(Options) if leaf.name in wanted]
    values = [getattr(reduce(getattr, leaf.path, plan.options), leaf.name) for leaf in leaves]
    values += [value for entry in plan.options.face_map for name, value in entry.options.items() if name in wanted]
    names = {name for value in values for name in (value if isinstance(value, tuple) else (value,))}
    cards = chosen_cards(catalogue, sorted(name for name in names if name in catalogue))
    looks = ((card.name, store.look(card).sha256) for card in cards)
    return tuple((name, digest) for name, digest in looks if digest is not None)
