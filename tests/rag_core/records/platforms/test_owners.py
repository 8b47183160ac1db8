"""Who holds deliveries, and who of them is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from rag_core.records.platforms.owners import Gone, Holder, ended_here, new_owner

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def overdue(owner: str = "elsewhere:7:abc", lease: datetime = NOW) -> Holder:
    return Holder(owner, lease, overdue=True)


def test_each_name_is_another_and_fits_its_column() -> None:
    """Host, process and something random."""
    names = {new_owner() for _ in range(100)}
    assert len(names) == 100
    assert max(map(len, names)) <= 100
    assert not any(map(ended_here, names))


def test_an_ended_process_of_this_machine_is_known() -> None:
    """By its number; a restarted container, whose process gets the same number, by the rest."""
    host, pid, random = new_owner().rsplit(":", 2)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not ended_here(f"{host}:{child.pid}:abc.0")
    finally:
        child.communicate()
    assert ended_here(f"{host}:{child.pid}:abc.0")
    assert int(pid) == os.getpid()
    assert ended_here(f"{host}:{pid}:abc.0")
    assert not ended_here(f"{host}:{pid}:{random}")
    assert not ended_here("elsewhere:1:abc.0")


def test_a_name_of_another_form_is_nobody_here() -> None:
    """Nothing of it is taken before its lease ends."""
    host = new_owner().split(":", maxsplit=1)[0]
    assert not any(
        map(ended_here, ["", ":", "::", "a", f"{host}::", f"{host}:x:y", f"{host}:-1:y", f"{host}:²:y"])
    )
    assert ended_here(f"{host}:{10**30}:y")


def test_a_lease_that_ended_is_waited_for_once_more() -> None:
    """Whoever is alive renews it meanwhile, also when the clock of the database jumped."""
    clock = Clock()
    gone = Gone(10.0, clock)
    assert gone.among([overdue()]) == set()
    clock.now = 9.9
    assert gone.among([overdue()]) == set()
    clock.now = 10.0
    assert gone.among([overdue()]) == {"elsewhere:7:abc"}


def test_who_renews_is_not_gone() -> None:
    """Even if its lease seems to be over each time one looks."""
    clock = Clock()
    gone = Gone(10.0, clock)
    for number in range(5):
        clock.now = number * 10.0
        assert gone.among([overdue(lease=NOW + timedelta(seconds=number))]) == set()
    assert gone.among([Holder("elsewhere:7:abc", NOW, overdue=False)]) == set()
    clock.now += 10.0
    assert gone.among([overdue()]) == set()
