"""What puts a load on the service, in a process of its own, and what tells how much each process worked for it."""
