"""What is a person's own: what they review, their data, the servers and channels they manage."""
