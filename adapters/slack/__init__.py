"""The bot in Slack. plugin.py takes deliveries, arrivals.py sorts them, bot.py hands each to the part that handles it."""
