"""What chat platforms deliver, and what stands where in them."""
