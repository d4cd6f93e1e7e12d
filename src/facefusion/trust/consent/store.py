"""The consents on record at this place, of one tenant."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from facefusion.errors import ConsentMissingError, ConsentRecordError, ConsentRevokedError, ConsentScopeError
from facefusion.faces.types import Vector
from facefusion.trust.consent.evidence import EvidenceFile, check_evidence
from facefusion.trust.consent.grant import Grant, decided
from facefusion.trust.consent.record import Consent, Revocation, Scope, Signature
from facefusion.trust.consent.records import Records
from facefusion.trust.consent.scope import Use, check_live
from facefusion.trust.consent.tables import METADATA, telling
from facefusion.trust.database import alone
from facefusion.trust.tables import make_missing
from facefusion.trust.templates import epoch_at


class ConsentStore:
    """Keeps consents, and says which face may be used for what.

    Args:
        engine: the database of records.
        derived: returns the key for a purpose, as `KeyRing.derived` does.
        tenant: whose consents they are; those of others are never looked at.
        clock: returns the time.

    Raises:
        ConsentRecordError: the database cannot be used.
    """

    def __init__(
        self,
        engine: Engine,
        derived: Callable[[str], bytes],
        tenant: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._records = Records(derived, tenant)
        self._clock = clock
        with telling():
            make_missing(engine, METADATA)
        self.renew()

    def add(
        self,
        embeddings: Sequence[Vector],
        *,
        granted_by: str,
        scope: Scope | None = None,
        person: str | None = None,
        evidence: Sequence[EvidenceFile] = (),
        picture_digests: Sequence[str] = (),
        signed: tuple[str, bytes] | None = None,
    ) -> Consent:
        """Put a consent on record.

        Args:
            embeddings: identity vectors of the person by the bundled recogniser, float32 (128,), one for each picture.
            granted_by: who gave it.
            scope: for what; from now on and for everything when None.
            person: whose face it is, where a name is to be kept.
            evidence: files that show it.
            picture_digests: SHA-256 of the pictures, in hexadecimal digits.
            signed: the name of who signed on a screen, and the picture of it, as `engine.signature` makes it.

        Raises:
            ConsentRecordError: it cannot be kept.
        """
        moment, signature = self._clock(), None
        if signed is not None:
            signature = Signature(signer=signed[0], evidence=len(evidence))
            evidence = [*evidence, EvidenceFile("signature", "signature.png", signed[1])]
        consent = Consent(
            id=f"c-{secrets.token_hex(8)}",
            person=person,
            granted_by=granted_by,
            scope=scope or Scope(valid_from=moment),
            recorded=moment,
            pictures=len(embeddings),
            picture_digests=tuple(picture_digests),
            evidence=tuple(each.fact for each in evidence),
            signature=signature,
        )
        self.restore(consent, embeddings, [each.content for each in evidence])
        return consent

    def restore(self, consent: Consent, embeddings: Sequence[Vector], evidence: Sequence[bytes]) -> None:
        """Put a consent on record that has its id already, as from a file of another place.

        Raises:
            ConsentRecordError: one of this id is on record, or it cannot be kept.
        """
        with telling(), alone(self._engine, "consents") as connection:
            if self._records.found(connection, consent.id) is not None:
                raise ConsentRecordError(
                    f"The consent {consent.id} is on record already", "See facefusion consent show"
                )
            self._records.put(connection, consent, evidence)
            self._records.faces.add(connection, consent.id, embeddings, epoch_at(self._clock()))

    def all(self) -> list[Consent]:
        """Return all consents, the oldest first.

        Raises:
            ConsentRecordError: one was changed, or the database cannot be used.
        """
        with telling(), self._engine.begin() as connection:
            return [*self._records.all(connection)]

    def get(self, record: str) -> Consent:
        """Return a consent.

        Raises:
            ConsentRecordError: there is none of this id, it was changed, or the database cannot be used.
        """
        with telling(), self._engine.begin() as connection:
            return self._known(connection, record)

    def faces(self, record: str) -> list[Vector]:
        """Return the identity vectors of a consent; biometric data: hand them to nobody without need.

        Raises:
            ConsentRecordError: as of `get`.
        """
        with telling(), self._engine.begin() as connection:
            self._known(connection, record)
            return self._records.faces.references(connection, record)

    def evidence(self, record: str) -> list[bytes]:
        """Return the bytes of all files of evidence of a consent.

        Raises:
            ConsentRecordError: as of `get`, or a file is missing or damaged.
        """
        with telling(), self._engine.begin() as connection:
            consent = self._known(connection, record)
            numbers = range(len(consent.evidence))
            contents = [self._records.evidence(connection, record, number) for number in numbers]
        check_evidence(consent, contents)
        return contents

    def evidence_bytes(self) -> int:
        """Return how many bytes all evidence of the tenant takes, as it is kept.

        Raises:
            ConsentRecordError: the database cannot be used.
        """
        with telling(), self._engine.begin() as connection:
            return self._records.evidence_bytes(connection)

    def signature(self, record: str) -> bytes | None:
        """Return the picture of the signature that was drawn on a screen, PNG; None where there is none.

        Raises:
            ConsentRecordError: as of `get`, or it is missing or damaged.
        """
        with telling(), self._engine.begin() as connection:
            consent = self._known(connection, record)
            if consent.signature is None:
                return None
            number = consent.signature.evidence
            content = self._records.evidence(connection, record, number)
        check_evidence(consent.model_copy(update={"evidence": (consent.evidence[number],)}), [content])
        return content

    def revoke(self, record: str, reason: str = "", *, at: datetime | None = None) -> Consent:
        """Note that a consent holds no more; whatever asks from now on is told so.

        Args:
            record: id of the consent.
            reason: why.
            at: when; now when None.

        Returns:
            the consent; one that was revoked before stays as it was.

        Raises:
            ConsentRecordError: as of `get`.
        """
        with telling(), alone(self._engine, "consents") as connection:
            consent = self._known(connection, record)
            if consent.revocation is None:
                revocation = Revocation(at=at or self._clock(), reason=reason)
                consent = consent.model_copy(update={"revocation": revocation})
                self._records.replace(connection, consent)
        return consent

    def erase(self, record: str) -> None:
        """Forget a consent, its faces and its evidence; work that relies on it stops as after a revocation.

        Raises:
            ConsentRecordError: as of `get`.
        """
        with telling(), alone(self._engine, "consents") as connection:
            self._known(connection, record)
            self._records.erase(connection, record)

    def check(self, embedding: Vector, use: Use, *, face: str) -> Grant:
        """Return the consent that covers a face for a use.

        Args:
            embedding: identity vector of the bundled recogniser, float32 (128,).
            use: what is to be done.
            face: how messages call it: by its place among the files, never by a name.

        Raises:
            ConsentMissingError: no consent on record is for this face.
            ConsentRevokedError: all that are were revoked.
            ConsentScopeError: one is, but for another project, processor, territory or time.
            ConsentRecordError: the records were changed or cannot be used.
        """
        moment = self._clock()
        with telling(), self._engine.begin() as connection:
            found = [
                (near.difference, self._known(connection, near.record))
                for near in self._records.faces.near(connection, embedding, epoch_at(moment))
            ]
        if not found:
            raise ConsentMissingError(
                f"No consent on record covers the face in {face}",
                "Ask the person, then record it: facefusion consent add PICTURE --granted-by NAME",
            )
        return decided(found, use, moment, face)

    def ensure_live(self, records: Iterable[str]) -> None:
        """Make sure that consents which covered a job still hold, as it goes on and before its output is published.

        Args:
            records: ids, of the grants that `check` returned.

        Raises:
            ConsentRevokedError: one was revoked or erased.
            ConsentScopeError: one ended.
            ConsentRecordError: the records were changed or cannot be used.
        """
        moment = self._clock()
        with telling(), self._engine.begin() as connection:
            for record in records:
                consent = self._records.found(connection, record)
                if consent is None:
                    raise ConsentRevokedError(
                        f"The consent {record} is no longer on record", "It was erased or withdrawn"
                    )
                check_live(consent, moment)

    def is_live(self, records: Iterable[str]) -> bool:
        """Return whether all these consents hold; see `ensure_live`.

        Raises:
            ConsentRecordError: the records were changed or cannot be used.
        """
        try:
            self.ensure_live(records)
        except (ConsentRevokedError, ConsentScopeError):
            return False
        return True

    def renew(self) -> int:
        """Make all templates anew that are of an epoch before this; return how many.

        Raises:
            ConsentRecordError: the records were changed or cannot be used.
        """
        epoch = epoch_at(self._clock())
        with telling():
            with self._engine.begin() as connection:
                if not self._records.faces.is_stale(connection, epoch):
                    return 0
            with alone(self._engine, "consents") as connection:
                return self._records.faces.renew(connection, epoch)

    def _known(self, connection: Connection, record: str) -> Consent:
        consent = self._records.found(connection, record)
        if consent is None:
            raise ConsentRecordError(f"There is no consent {record}", "Run facefusion consent list for those on record")
        return consent
