"""Webhooks: who asked for it is told of jobs, signed, at least once, and never into a network that is not theirs."""
