"""How deliveries reach the bot, and how the app comes to be installed."""
