"""Backups of what a service keeps: jobs, records of trust, keys; of files in storage it is noted which are needed."""

from facefusion.service.backup.checking import Checked, verify_backup
from facefusion.service.backup.creating import create_backup
from facefusion.service.backup.manifest import Manifest
from facefusion.service.backup.restoring import Restored, restore_backup

__all__ = ["Checked", "Manifest", "Restored", "create_backup", "restore_backup", "verify_backup"]
