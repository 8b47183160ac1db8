"""Answers that a language model writes, held to the passages they cite. generative.py is where to begin."""
