"""What the service does with jobs: taking them, listing them, telling of them, handing their results out."""
