"""Triggers: an object that comes into a bucket starts a job, once."""
