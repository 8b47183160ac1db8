"""What a reviewer needs to decide about an answer, and the decision."""
