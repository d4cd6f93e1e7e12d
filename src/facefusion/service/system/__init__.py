"""How the machine of the service is, and how much it has to do: now, and in the last hours."""
