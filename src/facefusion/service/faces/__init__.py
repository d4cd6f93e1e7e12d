"""Face files that the service keeps: built from uploads, used by jobs again and again."""
