"""Figures of the queue, what workers tell of tasks, and the port on which a group of processes shows all that."""
