"""Standard answers: written or approved by a person, and given whenever their question is asked. See answers.py."""
