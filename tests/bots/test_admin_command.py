"""`answerloop admin`, as a person runs it; and the first admin that `answerloop serve` makes."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.bots.test_slack_serving import serving
from tests.place import Place

PASSWORD = re.compile(r"Password, not shown again: (\S{20,})\n")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Before anything is indexed: accounts need no model."""
    return Place(tmp_path)


def test_a_user_is_added_changed_and_removed(place: Place) -> None:
    """Passwords are made and printed once; roles and states are seen in the list."""
    assert place.said("admin", "list").startswith("There are no users")
    assert PASSWORD.search(place.said("admin", "create", "root"))
    assert "Password" not in place.said("admin", "create", "slack:U024BE7LH", "--role", "reviewer")
    assert "a user already" in place.refused("admin", "create", "ROOT")
    assert "cannot be one" in place.refused("admin", "create", "Ada Lovelace")
    assert PASSWORD.search(place.said("admin", "password", "root"))
    assert "by a provider" in place.refused("admin", "password", "slack:U024BE7LH")
    place.said("admin", "role", "slack:U024BE7LH", "viewer")
    place.said("admin", "disable", "slack:U024BE7LH")
    listed = {one["identity"]: one for one in place.object("admin", "list")["users"]}
    assert listed["local:root"]["role"] == "admin"
    uma = listed["slack:U024BE7LH"]
    assert (uma["role"], uma["disabled"], uma["seen_at"]) == ("viewer", True, None)
    assert "disabled" in place.said("admin", "list")
    for last in (("role", "root", "viewer"), ("disable", "root"), ("remove", "root")):
        assert "last admin" in place.refused("admin", *last)
    place.said("admin", "enable", "slack:U024BE7LH")
    place.said("admin", "remove", "slack:U024BE7LH")
    assert "no user slack:U024BE7LH; see the list" in place.refused("admin", "remove", "slack:U024BE7LH")
    assert place.object("admin", "sessions") == {"ended": 0, "sessions": {}}
    assert place.said("admin", "sessions", "--end", "root") == "Ended 0 sessions of root.\n"


def test_a_password_may_come_from_standard_input(place: Place) -> None:
    """It is not printed; one that is too short is refused."""

    def given(password: str) -> subprocess.CompletedProcess[str]:
        return place.run("admin", "create", "ada", "--password-stdin", given=password + "\n")

    short = given("secret")
    assert (short.returncode, "12 characters" in short.stderr) == (1, True)
    added = given("correct horse battery")
    assert (added.returncode, added.stdout) == (0, "Added ada as admin.\n"), added.stderr


def test_the_first_start_prints_the_password_of_the_first_admin_once(
    installed: Place, tmp_path: Path
) -> None:
    """It signs in; it is in no log; the second start prints none."""
    shutil.copytree(installed.path, tmp_path / "own", symlinks=True)
    own = Place(tmp_path / "own")
    with contextlib.closing(sqlite3.connect(own.path / ".answerloop" / "answerloop.db")) as database:
        database.execute("DELETE FROM users")  # other tests may have served from there
        database.commit()
    with serving(own, "--only", "admin", ANSWERLOOP_ADMIN__PORT="0") as process:
        address = process.line().removeprefix("answerloop is ready: ").removesuffix(" (admin)")
        found = re.search(r"as admin, with the password (\S+) \(it is not shown again\)", process.line())
        assert found
        with httpx.Client(base_url=address, timeout=20) as browser:
            page = browser.get("/sign-in").text
            token = re.search(r'name="csrf" value="([^"]+)"', page)
            assert token
            fields = {"csrf": token[1], "name": "admin", "password": found[1]}
            assert browser.post("/sign-in", data=fields).status_code == 303
            assert "local:admin" in browser.get("/account").text
        assert process.stop() == 0
        assert found[1] not in process.said
    with serving(own, "--only", "admin", ANSWERLOOP_ADMIN__PORT="0") as process:
        assert process.line().endswith("(admin)")
        assert process.stop() == 0
        assert "password" not in process.rest()
    listed = json.loads(own.run("admin", "list", "--json").stdout)
    assert [one["identity"] for one in listed["users"]] == ["local:admin"]


def test_the_list_shows_identities_whole_however_narrow_the_terminal(place: Place) -> None:
    """They are what the other commands are given."""
    person = f"email:{'ada.' * 14}lovelace@{'mathematics.' * 7}example.com"
    place.said("admin", "create", person)
    cells = [line.split("│")[1].strip() for line in place.said("admin", "list").splitlines() if "│" in line]
    assert "".join(cells).removeprefix("user") == person
