"""How answers and sentences look in Slack, and how they grow there."""
