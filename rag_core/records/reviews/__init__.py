"""What reviewers are to look at, in which order, what they decided, and how it is taken back."""
