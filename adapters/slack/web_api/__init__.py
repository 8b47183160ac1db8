"""Slack's Web API: calls that wait their turn, find their token and post once."""
