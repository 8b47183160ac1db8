"""What is a person's own: the Home tab, their data, what they review, the channels they manage."""
