"""What the service returns, as values; fields that a newer service adds are kept beside those that are named here."""

from facefusion.client.values.base import Problem, Value
from facefusion.client.values.jobs import (
    Job,
    JobEvent,
    JobFrame,
    JobFrameList,
    JobOutput,
    JobProgress,
    JobQuality,
    JobResult,
    JobStage,
    JobState,
    JobTime,
)
from facefusion.client.values.links import Link, LinkList, NewLink, Shared
from facefusion.client.values.measured import Failed, FailedJob, FailureReason, MeasuredJob, MeasuredJobList
from facefusion.client.values.models import Model
from facefusion.client.values.records import Chain, Consent, Entry, Layer, Verified
from facefusion.client.values.uploads import DirectUpload, Face, Operation, Upload
from facefusion.client.values.webhooks import Delivery, Trigger, TriggerSecret, Webhook, WebhookSecret

__all__ = [
    "Chain",
    "Consent",
    "Delivery",
    "DirectUpload",
    "Entry",
    "Face",
    "Failed",
    "FailedJob",
    "FailureReason",
    "Job",
    "JobEvent",
    "JobFrame",
    "JobFrameList",
    "JobOutput",
    "JobProgress",
    "JobQuality",
    "JobResult",
    "JobStage",
    "JobState",
    "JobTime",
    "Layer",
    "Link",
    "LinkList",
    "MeasuredJob",
    "MeasuredJobList",
    "Model",
    "NewLink",
    "Operation",
    "Problem",
    "Shared",
    "Trigger",
    "TriggerSecret",
    "Upload",
    "Value",
    "Verified",
    "Webhook",
    "WebhookSecret",
]
