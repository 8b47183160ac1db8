"""A question -> the passages that most likely answer it."""
