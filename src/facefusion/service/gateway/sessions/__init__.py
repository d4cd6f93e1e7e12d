"""Browsers that are signed in: a cookie, a session in the database, and what keeps other pages from using it."""
