"""People judge answers and answer themselves: votes, questions to a person, drafts, corrections."""
