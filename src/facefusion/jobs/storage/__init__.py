"""Files of jobs: uploads, segments and results, in a folder, on NFS, or in a bucket of S3, Google or Azure."""

from facefusion.jobs.storage.base import Storage, Stored
from facefusion.jobs.storage.opening import deliver, fetch, open_storage
from facefusion.jobs.storage.settings import StorageSettings

__all__ = ["Storage", "StorageSettings", "Stored", "deliver", "fetch", "open_storage"]
