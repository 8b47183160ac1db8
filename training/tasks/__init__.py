"""What is trained: one readable script for each task."""
