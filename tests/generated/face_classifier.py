"""Classifiers: a crop goes in, numbers of groups or an age come out."""

from __future__ import annotations

import numpy as np

from generated.builder import NetworkBuilder


def fairface(*, batch="batch", seed=1):
    """Numbers of race, gender and age."""
    build = NetworkBuilder(seed)
    pooled = build.pooled(build.input("input", [batch, 3, 224, 224]))
    for name, count in (("race_id", 7), ("gender_id", 2), ("age_id", 9)):
        build.output(name, build.node("ArgMax", build.dense(pooled, 3, count), axis=1, keepdims=0), [batch], "int64")
    return build.model()


def fixed_fairface(race, gender, age, *, batch="batch"):
    """One that says the same of everybody."""
    build = NetworkBuilder()
    pooled = build.pooled(build.input("input", [batch, 3, 224, 224]))
    zero = build.node("ArgMin", build.node("Mul", pooled, build.constant(np.float32(0))), axis=1, keepdims=0)
    for name, number in (("race_id", race), ("gender_id", gender), ("age_id", age)):
        build.output(name, build.node("Add", zero, build.constant(np.int64(number))), [batch], "int64")
    return build.model()


def age(*, seed=2):
    """An age, of one crop."""
    build = NetworkBuilder(seed)
    pooled = build.pooled(build.input("input", [1, 3, 64, 64]))
    total = build.node("ReduceSum", pooled, build.constant(np.array([1], np.int64)), keepdims=0)
    build.output("age", build.node("Add", total, build.constant(np.float32(40))), [1])
    return build.model()
