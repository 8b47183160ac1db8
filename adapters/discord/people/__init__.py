"""People judge answers, and answer themselves."""
