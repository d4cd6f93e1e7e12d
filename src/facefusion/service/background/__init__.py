"""Work of the service itself that takes longer than a request: building face files, fetching models."""
