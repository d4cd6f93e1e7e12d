"""Policies: what every job has to keep to, and why."""

from facefusion.trust.policy.loading import load_policy
from facefusion.trust.policy.machine import InForce, policy_in_force
from facefusion.trust.policy.names import PROFILES
from facefusion.trust.policy.policy import NamedRule, Policy
from facefusion.trust.policy.rule import Rule

__all__ = ["PROFILES", "InForce", "NamedRule", "Policy", "Rule", "load_policy", "policy_in_force"]
