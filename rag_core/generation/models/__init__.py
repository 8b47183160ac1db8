"""Language models: openai.py at an endpoint, local.py in a process of our own. Each file says which others are its own."""
