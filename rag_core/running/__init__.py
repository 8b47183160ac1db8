"""The core as a process has it that runs for long: the release and the settings as they are now, sources kept up to date."""
