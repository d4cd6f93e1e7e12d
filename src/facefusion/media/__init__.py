"""What a frame is, and how pictures and videos are read and written."""
