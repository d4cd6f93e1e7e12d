"""One module for each command; each has `execute(arguments, context) -> exit status`."""
