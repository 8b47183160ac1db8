"""The command line of the scripts that fit numbers of the product on judged sets.

python -m training.SCRIPT MODEL_FOLDER DIR [DIR ...] [--out FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from rag_core.errors import AnswerloopError

__all__ = ["run"]

Fit = Callable[[Path, Sequence[Path]], Coroutine[Any, Any, dict[str, Any]]]


def run(script: str, fit: Fit, out: Path) -> int:
    """Fit, write and print the numbers; the process's exit status.

    script: the module's name, for the help. out: the file that is written unless --out names another.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {script}")
    parser.add_argument("model", type=Path, help="folder of an exported embedding model")
    parser.add_argument("sets", type=Path, nargs="+", help="folders in BEIR layout")
    parser.add_argument("--out", type=Path, default=out)
    arguments = parser.parse_args()
    try:
        values = asyncio.run(fit(arguments.model, arguments.sets))
    except AnswerloopError as error:
        print(error, file=sys.stderr)
        return 1
    arguments.out.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(values, indent=2))
    return 0
