"""Makes, describes, signs and checks what is released; docs/deploy/release.md tells how."""
