"""Vectors -> clusters by average link, the mean cosine between the members of two. Pure.

For vectors of length one, the mean cosine between two clusters is the product of their means, so that merging takes
sums only. Nearest-neighbour chains (F. Murtagh, Computer Journal 26 (1983), 354-359) find all merges in time and memory
that grow with the square; where there are more than MOST vectors, those that are nearly the same are put together first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST", "THRESHOLD", "clusters"]

Vectors = NDArray[np.float32]
THRESHOLD = 0.6
"""Mean cosine that two clusters are merged at; chosen by benchmarks/gaps.py."""
NEAR = 0.85
"""Cosine to a group's middle that joins it, before clustering."""
BLOCK = 256
"""Rows that are compared with the leaders at once."""
MOST = 4_000
"""Groups that are clustered: 64 MB of cosines."""


def clusters(vectors: Vectors, threshold: float = THRESHOLD) -> list[list[int]]:
    """Row numbers of each cluster, the largest first. vectors: (n, dimension), rows of length one."""
    if not len(vectors):
        return []
    groups = [[row] for row in range(len(vectors))] if len(vectors) <= MOST else _near(vectors)
    sums = np.stack([vectors[rows].sum(0) for rows in groups]).astype(np.float32)
    sizes = np.array([len(rows) for rows in groups], np.float32)
    merged = _merged(sums, sizes, threshold)
    found = [sorted(row for group in one for row in groups[group]) for one in merged]
    return sorted(found, key=lambda rows: (-len(rows), rows[0]))


def _near(vectors: Vectors) -> list[list[int]]:
    """Groups around leaders. What finds no room among MOST leaders joins its nearest one."""
    leaders = np.empty((MOST, vectors.shape[1]), np.float32)
    groups: list[list[int]] = []
    for at in range(0, len(vectors), BLOCK):
        block, before = vectors[at : at + BLOCK], len(groups)
        known = block @ leaders[:before].T
        for n, vector in enumerate(block):
            cosines = np.concatenate([known[n], leaders[before : len(groups)] @ vector])
            best = int(cosines.argmax()) if len(groups) else -1
            if best >= 0 and (cosines[best] >= NEAR or len(groups) == MOST):
                groups[best].append(at + n)
            else:
                leaders[len(groups)] = vector
                groups.append([at + n])
    return groups


def _merged(sums: Vectors, sizes: NDArray[np.float32], threshold: float) -> list[list[int]]:
    """By nearest-neighbour chains. Average link is reducible: a pair of nearest neighbours too far apart to be merged never
    comes nearer to anything, so that both are finished."""
    means = sums / sizes[:, None]
    cosines = means @ means.T
    np.fill_diagonal(cosines, -np.inf)
    members = [[one] for one in range(len(sizes))]
    alive = np.ones(len(sizes), bool)
    finished: list[list[int]] = []
    chain: list[int] = []
    while alive.any():
        if not chain:
            chain.append(int(alive.argmax()))
        last = chain[-1]
        nearest = int(cosines[last].argmax())
        if len(chain) > 1 and cosines[last, chain[-2]] >= cosines[last, nearest]:
            nearest = chain[-2]
        if cosines[last, nearest] < threshold:
            finished.append(members[last])
            _retire(cosines, alive, last)
            chain.pop()
        elif len(chain) > 1 and nearest == chain[-2]:
            del chain[-2:]
            _join(cosines, sizes, members, nearest, last)
            _retire(cosines, alive, last)
        else:
            chain.append(nearest)
    return finished


def _join(
    cosines: Vectors, sizes: NDArray[np.float32], members: list[list[int]], into: int, other: int
) -> None:
    """By the update of Lance and Williams for average link."""
    total = sizes[into] + sizes[other]
    joined = (sizes[into] * cosines[into] + sizes[other] * cosines[other]) / total
    joined[into] = -np.inf
    cosines[into] = joined
    cosines[:, into] = joined
    sizes[into] = total
    members[into] = members[into] + members[other]


def _retire(cosines: Vectors, alive: NDArray[np.bool_], one: int) -> None:
    alive[one] = False
    cosines[one] = -np.inf
    cosines[:, one] = -np.inf
