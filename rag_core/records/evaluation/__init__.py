"""Golden questions, comparisons by people, training runs."""
