"""What pages for editing need: previews that stay open, frames of uploads, people, and whether a file serves."""
