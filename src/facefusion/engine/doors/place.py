"""The place where a job is done: its folder of keys and records, and the policy that holds there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from facefusion.options import Options
from facefusion.trust.acknowledgement import ensure_acknowledged
from facefusion.trust.actor import actor_of
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.policy import Policy, policy_in_force


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a job is done, and under which rules.

    Attributes:
        home: folder of keys and records.
        ring: its keys.
        policy: that holds, with what the job asks for beyond it.
        database: of its records: a file, or a URL.
        instead_of: the policy that the job asked for and does not get; empty where it gets its own.
    """

    home: Path
    ring: KeyRing
    policy: Policy
    database: Path | str
    instead_of: str = ""

    @classmethod
    def of(cls, options: Options) -> Self:
        """Find the place of a job.

        Raises:
            SecretError: its folder or its keys cannot be used.
            PolicyError: the policy cannot be used, or the job asks for less than it requires.
        """
        trust = options.trust
        home = trust_home(trust.trust_dir, trust.trust_key_file)
        force = policy_in_force(trust.policy, home=home)
        policy = force.policy.tightened(
            {
                "disclosure.label": trust.label,
                "disclosure.label_place": trust.label_place,
                "disclosure.label_language": trust.label_language,
                "disclosure.aigc": True if trust.content_producer is not None else None,
                "content.sampling_seconds": trust.content_every,
                "content.live_frames": trust.content_every_live,
            }
        )
        database = trust.trust_database or home / "trust.db"
        return cls(home, KeyRing.open(home), policy, database, force.instead_of)

    def acknowledged(self, options: Options) -> bool:
        """Make sure that whoever works here knows the terms of use, where the policy asks for that.

        Returns:
            whether that was said just now.

        Raises:
            AcknowledgementError: nobody has said so yet.
        """
        if not self.policy.acknowledgement.required.value:
            return False
        return ensure_acknowledged(self.home, actor_of(options.trust), given=options.trust.acknowledge)

    @property
    def identity(self) -> str:
        """What tells this place from others in digests, without telling its key."""
        return hashlib.sha256(self.ring.derived("identity of the place")).hexdigest()
