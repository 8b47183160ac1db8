"""What the review of feedback needs of the core: previews, similar questions, golden checks, comparisons, gaps."""
