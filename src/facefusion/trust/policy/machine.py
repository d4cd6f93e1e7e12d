"""Which policy holds: the machine's, that of whoever runs the service, the one that a job asks for, or the place's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from facefusion.trust.policy.loading import load_policy
from facefusion.trust.policy.own import own_policy
from facefusion.trust.policy.policy import Policy

MACHINE_POLICY: Final = Path("/etc/facefusion/policy.toml")
POLICY_VARIABLE: Final = "FACEFUSION_POLICY"
Origin = Literal["machine", "environment", "option", "place"]


@dataclass(frozen=True, slots=True)
class InForce:
    """The policy that holds, and why this one.

    Attributes:
        policy: the policy.
        origin: `machine`: it is installed on this machine; `environment`: whoever started the program set it;
            `option`: the job asks for it, or nobody asks for any; `place`: it was set for this folder of records, and
            nobody asks for another.
        source: the profile, or the file, that it is.
        instead_of: the policy that the job asks for and does not get; empty where it gets its own.
    """

    policy: Policy
    origin: Origin
    source: str
    instead_of: str = ""


def policy_in_force(
    asked: str,
    *,
    home: Path,
    environment: Mapping[str, str] | None = None,
    machine_policy: Path = MACHINE_POLICY,
    usual: str = "personal",
) -> InForce:
    """Return the policy that holds for a job.

    Args:
        asked: the option `policy`.
        home: folder of this place.
        environment: variables; the process's own when None.
        machine_policy: the file that an administrator installs; it wins where it is there.
        usual: what `asked` is where nobody asked for anything.

    Raises:
        PolicyError: the policy that holds cannot be used; no other takes its place.
    """
    environment = os.environ if environment is None else environment
    name, origin = _chosen(asked, environment.get(POLICY_VARIABLE, ""), machine_policy)
    own = own_policy(home)
    if origin == "option" and asked == usual and os.path.lexists(own):
        name, origin = str(own), "place"
    instead_of = asked if asked not in {name, usual} else ""
    return InForce(load_policy(name, home=home), origin, name, instead_of)


def _chosen(asked: str, variable: str, machine_policy: Path) -> tuple[str, Origin]:
    if os.path.lexists(machine_policy):  # one that is there but cannot be read is no reason to go on without
        return str(machine_policy), "machine"
    return (variable, "environment") if variable else (asked, "option")
