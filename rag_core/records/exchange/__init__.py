"""Feedback as JSONL: written to a file, read from one, and a person taken out of those that were written.

lines.py has the format, which docs/feedback.md describes.
"""
