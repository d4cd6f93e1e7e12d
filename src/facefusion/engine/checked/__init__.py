"""Whether a picture or a clip serves as a source, or can be worked on; and where it does not, why."""
