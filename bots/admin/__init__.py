"""The admin pages: review of feedback, analytics, sources, releases, training runs, settings, users. See docs/admin.md.

app.py puts them together; routes/ has a module for each page: it reads the request, calls what rag_core/ has, and renders
a template. What a page may be used for by whom stands at its route (roles.py).
"""
