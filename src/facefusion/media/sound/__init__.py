"""Sound as samples: files of sound, and the sound of videos, decoded and encoded."""
