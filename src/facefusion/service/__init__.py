"""The service: jobs over HTTP, for people, programs and the web console; one API for all of them."""
