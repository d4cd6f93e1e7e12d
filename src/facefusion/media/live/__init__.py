"""Pictures that come and go as they are made: cameras, pipes, devices."""
