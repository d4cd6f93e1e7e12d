"""Doing one task of a job: from its lease to files in storage."""
