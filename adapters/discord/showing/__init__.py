"""How answers and sentences look in Discord, and how they grow there."""
