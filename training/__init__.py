"""From reviewed feedback to a better release: each step one file. Imports rag_core, never a chat platform."""
