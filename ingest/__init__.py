"""Files in: read, check, resolve, load."""
