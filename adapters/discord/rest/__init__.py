"""Discord's REST API, with its refusals sorted."""
