"""Documents in: where they come from, what their text is, how it is divided, what changed."""
