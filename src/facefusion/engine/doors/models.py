"""Which models a job uses: what its records and manifests name."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from facefusion.engine.automatic import with_models_named
from facefusion.engine.plan import Plan
from facefusion.inference.opening import open_catalogue, open_store
from facefusion.inference.store.pull import chosen_cards
from facefusion.options import Options, iter_leaves


def models_of(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Return name and SHA-256 of the weights of each model that a job names, and of those that these require."""
    plan = replace(plan, options=with_models_named(plan.options, plan.processors))
    catalogue, store = open_catalogue(plan.options.models), open_store(plan.options.models)
    said = [(link.spec.model_option, link.options) for link in plan.links if link.spec.model_option]
    if plan.finds_faces:
        names_of_faces = type(plan.options.faces).model_fields
        said += [(name, plan.options) for name in names_of_faces if name.endswith(("_model", "_models"))]
    wanted, leaves = {name for name, _ in said}, {leaf.name: leaf for leaf in iter_leaves(Options)}
    places = [(leaves[name], options) for name, options in said if name in leaves]
    values = [getattr(reduce(getattr, leaf.path, options), leaf.name) for leaf, options in places]
    values += [value for entry in plan.options.face_map for name, value in entry.options.items() if name in wanted]
    names = {name for value in values for name in (value if isinstance(value, tuple) else (value,))}
    cards = chosen_cards(catalogue, sorted(name for name in names if name in catalogue))
    looks = ((card.name, store.look(card).sha256) for card in cards)
    return tuple((name, digest) for name, digest in looks if digest is not None)
