"""Reviewed feedback -> clean, deduplicated, split examples with provenance. No torch.

building.build is all of it: gathering.py reads what people said, headings.py and synthetic.py ask what documents answer,
cleaning.py takes out what is wrong, splitting.py parts it, negatives.py adds what does not answer; files.py keeps it.
"""

from training.dataset.building import Built, build
from training.dataset.drops import Count, Dropped, summary
from training.dataset.files import Dataset, fingerprint, read, read_parts, write, write_parts
from training.dataset.rows import PARTS, SOURCES, Example, Origin, Part, Source, Text, example_of, row_of

__all__ = [
    "PARTS",
    "SOURCES",
    "Built",
    "Count",
    "Dataset",
    "Dropped",
    "Example",
    "Origin",
    "Part",
    "Source",
    "Text",
    "build",
    "example_of",
    "fingerprint",
    "read",
    "read_parts",
    "row_of",
    "summary",
    "write",
    "write_parts",
]
