"""Quality of finished jobs: some are drawn, measured by idle workers, and shown to whoever looks for odd results."""
