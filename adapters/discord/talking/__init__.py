"""What people write and ask, and how it is answered."""
