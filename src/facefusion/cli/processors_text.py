"""How processors look: as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from facefusion.cli.models_text import reason, weights_facts
from facefusion.cli.terminal import one_line
from facefusion.options.leaves import Leaf, iter_leaves
from facefusion.processors.overview import ProcessorOverview


def processor_lines(each: ProcessorOverview) -> Iterator[str]:
    """Yield what there is to say of a processor: what it does, whether it can run, and what gets it to."""
    found = each.found
    yield one_line(f"{found.name}{'' if found.is_ours else f' (from {found.package})'}: {_state(each)}")
    if found.spec is not None:
        yield one_line(f"  {found.spec.summary}")
    yield from (one_line(f"  {found.name}.{_option_line(leaf)}") for leaf in _own_options(each))
    if each.others:
        yield one_line(f"  {_flag(each).rstrip(' =')} also takes {', '.join(each.others)}")
    if command := _command(each):
        yield one_line(f"  -> {command}")


def processor_facts(each: ProcessorOverview) -> dict[str, Any]:
    """Return the same as JSON values."""
    spec, card = each.found.spec, each.entry.card if each.entry else None
    return {
        "name": each.found.name,
        "package": each.found.package,
        "summary": "" if spec is None else spec.summary,
        "needs_source": None if spec is None else spec.needs_source,
        "can_run": each.can_run,
        "reason": "" if each.can_run else _reason(each),
        "model": each.model or None,
        "licence": card.licence if card else None,
        "commercial": card.commercial if card else None,
        "others": list(each.others),
        "command": _command(each),
        "options": [_option_facts(leaf) for leaf in _own_options(each)],
    }


def _state(each: ProcessorOverview) -> str:
    if not each.can_run:
        model = "" if each.entry is None or each.problem else f" with {each.model}"
        return f"cannot run{model}: {_reason(each)}"
    if not each.model:
        return "can run now, needs no weights"
    facts = f" ({weights_facts(each.entry)})" if each.entry else ", which needs no weights"
    return f"can run now with {each.model}{facts}"


def _reason(each: ProcessorOverview) -> str:
    if each.problem:
        return each.problem
    if each.model is None:
        return "no model is named"
    if each.entry is None:
        return f"there is no model {each.model}"
    why = "not here" if each.entry.state == "missing" else reason(each.entry)
    return f"{why} ({weights_facts(each.entry)})"


def _command(each: ProcessorOverview) -> str:
    is_to_be_named = each.found.spec is not None and not each.problem and not each.can_run and each.entry is None
    return f"{each.advice}, then {_flag(each)}NAME" if is_to_be_named else each.advice


def _flag(each: ProcessorOverview) -> str:
    spec = each.found.spec
    if spec is None:
        return ""
    if spec.options is not None and spec.model_option in spec.options.model_fields:
        return f"--processor-options {spec.name}.{spec.model_option}="
    return f"--{spec.model_option.replace('_', '-')} "


def _own_options(each: ProcessorOverview) -> list[Leaf]:
    spec = each.found.spec
    return [] if spec is None or spec.options is None else list(iter_leaves(spec.options))


def _option_line(leaf: Leaf) -> str:
    limits = f", {limited}" if (limited := ", ".join(leaf.choices) or leaf.limits) else ""
    return f"{leaf.name}={leaf.field.default}{limits}: {leaf.field.description}"


def _option_facts(leaf: Leaf) -> dict[str, Any]:
    return {
        "name": leaf.name,
        "default": leaf.field.get_default(call_default_factory=True),
        "limits": ", ".join(leaf.choices) or leaf.limits,
        "description": leaf.field.description,
    }
