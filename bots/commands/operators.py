"""Who types a command, as the audit log names them."""

from __future__ import annotations

import getpass

__all__ = ["operator"]


def operator() -> str:
    """Such as console:ada; "console:" where the system knows no name, as in a container that runs as a number."""
    try:
        return f"console:{getpass.getuser()}"
    except (KeyError, OSError, ImportError):
        return "console:"
