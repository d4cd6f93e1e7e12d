"""The two doors of every job: what is asked before work begins, and the only way out for what is made."""
