"""How people get in: passwords, providers, the cookies that remember it, and who is given which role. See docs/admin.md."""
