"""What makes every result accountable: policy, consent, content, disclosure, provenance, audit and privacy."""
