"""What accountability costs a job."""
