"""Two releases judged side by side by people who do not know which is which."""
