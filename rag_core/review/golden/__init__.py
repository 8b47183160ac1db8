"""Golden questions: what every release must answer."""
