"""The engine: plan, stream, write, report."""
