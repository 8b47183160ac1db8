"""What a process uses of the machine, and small things around it.

Standard library only: it runs in the environments of others, too.
"""

from __future__ import annotations

import hashlib
import resource
import sys
from pathlib import Path


def peak_mb() -> float:
    """Peak resident memory of this process.

    Linux gives two numbers. ru_maxrss counts from what the parent had when it started this process; VmHWM is the same
    peak from this program's own beginning, so it is taken where there is one.
    """
    if (own := _status("VmHWM")) is not None:
        return own
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)


def resident_mb() -> float:
    """Resident memory now; the peak where the system does not tell."""
    now = _status("VmRSS")
    return peak_mb() if now is None else now


def _status(key: str) -> float | None:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((round(int(line.split()[1]) / 1024, 1) for line in lines if line.startswith(f"{key}:")), None)


def percentiles(values: list[float], *percents: int) -> list[float]:
    """Nearest-rank percentiles: each is a value that was measured."""
    ordered = sorted(values)
    return [ordered[max(0, -(-len(ordered) * p // 100) - 1)] for p in percents]


def store_code() -> str:
    """A digest of the code of the embedded store: an index that other code made is built anew."""
    stores = Path(__file__).parents[1] / "rag_core" / "index" / "stores"
    digest = hashlib.sha256()
    for path in sorted(stores.glob("lance*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
