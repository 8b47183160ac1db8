"""The shared core: documents in, grounded answers out. Knows no chat platform and no web framework."""
