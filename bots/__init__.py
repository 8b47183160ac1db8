"""Processes and their entry points."""
