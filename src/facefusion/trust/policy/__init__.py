"""Policies: what every job has to keep to, and why."""

from facefusion.trust.policy.layers import Layer, check_disclosed, required_layers
from facefusion.trust.policy.loading import load_policy
from facefusion.trust.policy.machine import InForce, policy_in_force
from facefusion.trust.policy.names import PROFILES
from facefusion.trust.policy.policy import NamedRule, Policy
from facefusion.trust.policy.rule import Rule

__all__ = [
    "PROFILES",
    "InForce",
    "Layer",
    "NamedRule",
    "Policy",
    "Rule",
    "check_disclosed",
    "load_policy",
    "policy_in_force",
    "required_layers",
]
