"""What is told of a running system: figures, traces, and the names by which lines of logs belong together.

Whoever does something is handed a `Telemetry`; where nobody asked for figures or traces it does nothing, and no library
of theirs is imported. What figures there are stands in `catalogue`, once.
"""
