"""What must not be lost: answers as given, votes, which documents are indexed, which release is active."""
