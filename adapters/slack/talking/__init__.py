"""People ask: messages, follow-ups, the command, the shortcut, the assistant container."""
