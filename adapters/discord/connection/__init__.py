"""The bot's own connection to Discord, its commands and how it is invited."""
