"""Pre- and post-processing of the public models, written from what is published of them, without our adapters."""
