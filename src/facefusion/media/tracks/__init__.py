"""What goes from a video to its output beside the moving picture: sound, subtitles, chapters, tags, cover, fonts."""
