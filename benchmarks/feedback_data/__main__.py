"""A database filled from the command line."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence

from rag_core.records.database import open_database

from . import Shape, fill
from . import __doc__ as told


async def _main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=told)
    parser.add_argument("url", help="of the database, as in database.url")
    parser.add_argument("--answers", type=int, default=Shape.answers)
    options = parser.parse_args(arguments)
    shape = Shape() if options.answers == Shape.answers else Shape.small(options.answers)
    database = await open_database(options.url)
    made = await fill(database, shape)
    await database.dispose()
    print(json.dumps({"answers": made.answers, "votes": made.votes, "reviews": made.reviews}))


asyncio.run(_main())
