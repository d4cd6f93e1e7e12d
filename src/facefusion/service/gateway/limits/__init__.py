"""How much of the service anybody gets: rates by token buckets, and requests at one time."""

from facefusion.service.gateway.limits.bucket import Bucket, Limiter, Verdict
from facefusion.service.gateway.limits.memory import MemoryLimiter
from facefusion.service.gateway.limits.shared import SharedLimiter
from facefusion.service.gateway.limits.slots import Slots

__all__ = ["Bucket", "Limiter", "MemoryLimiter", "SharedLimiter", "Slots", "Verdict"]
