"""Answers as they were given, what people said of them, and which of it counts."""
