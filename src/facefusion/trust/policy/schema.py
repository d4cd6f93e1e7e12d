"""What a policy says, rule by rule."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from facefusion.options import LicensePolicy
from facefusion.trust.policy.rule import ALWAYS, FORBIDDEN, REQUIRED, Rule, Section, chosen, less, more, ranked

ConsentNeed = Literal["none", "sources"]
LabelTiming = Literal["none", "start", "ends", "throughout"]
LabelPlace = Literal["any", "top-left", "top", "top-right", "bottom-left", "bottom", "bottom-right"]
LabelLanguage = Literal["any", "en", "zh", "both"]
ProvenanceNeed = Literal["none", "when-possible", "required"]
WorkFolderPlace = Literal["any", "memory"]
EncryptionNeed = Literal["none", "required"]


class AcknowledgementRules(Section):
    """What a person has to know before the first work.

    Attributes:
        required: whether somebody must have said that the terms of use are known.
    """

    required: Annotated[Rule[bool], REQUIRED]


class ConsentRules(Section):
    """Whose consent must be on record.

    Attributes:
        require: `sources`: every source face; `none`: nobody's.
    """

    require: Annotated[Rule[ConsentNeed], ranked("none", "sources")]


class ContentRules(Section):
    """What is looked at for content that is refused; explicit content and minors are, whatever stands here.

    Attributes:
        source: whether sources are looked at.
        target: whether targets are looked at.
        output: whether outputs are looked at.
        sampling_seconds: the time of a video between two frames that are looked at, in seconds; it may double where the
            picture stays as it is.
        live_frames: of how many frames of a live stream one is looked at.
        threshold_share: scores count from this share of the usual thresholds on, 0 to 1; smaller refuses more.
        youngest: age in years of the youngest who may be worked on; apparent ages below it are refused, less one year
            for what looks err by.
    """

    source: Annotated[Rule[bool], ALWAYS]
    target: Annotated[Rule[bool], ALWAYS]
    output: Annotated[Rule[bool], ALWAYS]
    sampling_seconds: Annotated[Rule[Annotated[float, Field(ge=0.04, le=3600)]], less(2.0)]
    live_frames: Annotated[Rule[Annotated[int, Field(ge=1, le=100_000)]], less(50)]
    threshold_share: Annotated[Rule[Annotated[float, Field(ge=0.1, le=10)]], less(1.0)]
    youngest: Annotated[Rule[Annotated[int, Field(ge=0, le=120)]], more(18)]


class BlocklistRules(Section):
    """What the lists of faces do.

    Attributes:
        check: whether faces are held against the lists.
        allow_overrides: whether a face on the allow-list is used although it is on the blocklist.
    """

    check: Annotated[Rule[bool], REQUIRED]
    allow_overrides: Annotated[Rule[bool], FORBIDDEN]


class DisclosureRules(Section):
    """How an output says that it was made by software.

    Attributes:
        label: when a label is to be seen in video; pictures bear one unless `none`.
        label_place: at which corner or edge; `any`: as the job likes.
        label_language: of its words; `any`: as the job likes.
        label_seconds: how long a label at the start, or at the end, is shown, in seconds.
        label_height: height of its letters, as a share of the picture's short side.
        watermark: whether an invisible watermark is put in.
        metadata: whether the file's metadata say it.
        aigc: whether the metadata hold the `AIGC` object of GB 45438-2025 as well.
        provenance: whether a signed manifest is there: `when-possible`: where the form can hold one.
    """

    label: Annotated[Rule[LabelTiming], ranked("none", "start", "ends", "throughout")]
    label_place: Annotated[Rule[LabelPlace], chosen()]
    label_language: Annotated[Rule[LabelLanguage], chosen("both")]
    label_seconds: Annotated[Rule[Annotated[float, Field(ge=0, le=3600)]], more(2.0)]
    label_height: Annotated[Rule[Annotated[float, Field(ge=0, le=0.15)]], more(0.05)]
    watermark: Annotated[Rule[bool], REQUIRED]
    metadata: Annotated[Rule[bool], ALWAYS]
    aigc: Annotated[Rule[bool], REQUIRED]
    provenance: Annotated[Rule[ProvenanceNeed], ranked("none", "when-possible", "required")]


class AuditRules(Section):
    """What is kept of the work.

    Attributes:
        required: whether an entry is written for each output and each refusal.
        retention_days: for how many days entries are kept.
    """

    required: Annotated[Rule[bool], ALWAYS]
    retention_days: Annotated[Rule[Annotated[int, Field(ge=0, le=36_500)]], more(30)]


class PrivacyRules(Section):
    """What becomes of pictures and files.

    Attributes:
        work_folder: `memory`: what is kept while a job runs must not lie on a disk.
        output_hours: for how many hours outputs are kept; 0: until somebody deletes them.
        encryption: whether what is stored must be encrypted.
    """

    work_folder: Annotated[Rule[WorkFolderPlace], ranked("any", "memory")]
    output_hours: Annotated[Rule[Annotated[int, Field(ge=0, le=876_000)]], less()]
    encryption: Annotated[Rule[EncryptionNeed], ranked("none", "required")]


class ModelRules(Section):
    """Which weights may be used.

    Attributes:
        licences: as the option `license_policy`.
    """

    licences: Annotated[Rule[LicensePolicy], ranked("any", "commercial")]
