"""One release in another's place."""
