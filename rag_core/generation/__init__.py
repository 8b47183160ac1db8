"""Passages -> an answer with its citations, or an honest "I could not find that"."""
