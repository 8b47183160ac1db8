"""The `answerloop` command, as a person runs it: in a process of its own, in a directory of its own."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag_core.configuration import load_settings
from rag_core.settings import Settings
from tests.place import COMMAND, HANDBOOK, Place, made
from tests.servers.language_model import LanguageServer

LISTING = (
    "import atexit, sys\n"
    "atexit.register(lambda: print('IMPORTED', *{m.partition('.')[0] for m in sys.modules}, file=sys.stderr))\n"
    "from bots.cli import main; main()"
)
"""The command, which at its end tells what it imported."""
HEAVY = {"torch", "transformers", "sentence_transformers", "datasets", "accelerate", "peft", "trl", "onnx"}


@pytest.fixture
def place(tmp_path: Path, model_folder: Path) -> Place:
    """Before the first ingest."""
    return made(tmp_path, model_folder)


@pytest.fixture
def empty(tmp_path: Path) -> Place:
    return Place(tmp_path)


# --- init --------------------------------------------------------------------------------------------------------


def test_init_writes_a_settings_file_that_changes_nothing(empty: Place) -> None:
    """All of it is commented out, and it says what to do next."""
    done = empty.run("init")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Wrote answerloop.toml. Name your documents under [[sources]]")
    written = tomllib.loads((empty.path / "answerloop.toml").read_text(encoding="utf-8"))
    assert written == {}


def test_init_replaces_no_file_unless_it_is_told_to(empty: Place) -> None:
    """The settings of an installation are its owner's."""
    file = empty.path / "answerloop.toml"
    file.write_text('log_level = "debug"')
    refused = empty.run("init")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "answerloop.toml is there already; --force replaces it.\n"
    assert file.read_text() == 'log_level = "debug"'
    assert empty.run("init", "--force").returncode == 0
    assert "[[sources]]" in file.read_text(encoding="utf-8")


@pytest.fixture
def uncommented(empty: Place, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What init writes, every setting in it put into force."""
    for name in [name for name in os.environ if name.startswith("ANSWERLOOP_")]:
        monkeypatch.delenv(name)
    assert empty.run("init").returncode == 0
    file = empty.path / "answerloop.toml"
    text = re.sub(r"^# (?=\[|\w+ = )", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    file.write_text(text, encoding="utf-8")
    return load_settings(file)


def test_every_setting_in_the_file_that_init_writes_is_one(uncommented: Settings) -> None:
    """Without its '# ' each is accepted, sources of every kind among them."""
    assert {source.kind for source in uncommented.sources} == {"folder", "web", "git", "reader"}
    assert len(uncommented.access.rules) == 1


def test_the_file_that_init_writes_shows_the_defaults(uncommented: Settings, empty: Place) -> None:
    """Where a setting has one; sources, rules, addresses and names of hosts are examples."""
    default = Settings(home=empty.path / ".answerloop")
    examples = {
        "retrieval": {"dense_weight"},
        "reranking": {"model"},
        "answers": {"min_confidence", "ask_person"},
        "generator": {"kind", "base_url", "model"},
        "web": {"hosts", "suggestions"},
        "database": {"url"},
        "cache": {"url"},
        "store": {"url"},
        "slack": {"suggestions", "managers"},
        "review": {"reviewers"},
    }
    for name in Settings.model_fields:
        if name not in ("sources", "access", "language", "channels"):
            shown, real = getattr(uncommented, name), getattr(default, name)
            for own in examples.get(name, ()):
                real = real.model_copy(update={own: getattr(shown, own)})
            assert shown == real


# --- doctor ------------------------------------------------------------------------------------------------------

PARTS = [
    "settings",
    "home",
    "database",
    "embedding model",
    "index",
    "sources",
    "access",
    "generator",
    "chat page",
    "admin pages",
    "slack",
    "discord",
]


def test_doctor_finds_nothing_wrong_with_an_installation_that_works(installed: Place) -> None:
    """Each part that is configured, with what was found."""
    told = installed.json("doctor", ANSWERLOOP_WEB__PORT="0")
    assert told["ok"] is True
    assert [check["part"] for check in told["checks"]] == PARTS
    assert all(check["ok"] and check["found"] and not check["remedy"] for check in told["checks"])
    assert "release r1, 3 passages" in str(told)
    assert told["checks"][-1]["found"] == "not configured"


def test_doctor_says_how_to_mend_what_fails(place: Place) -> None:
    """Every part is looked at, whatever the others are like; the exit status is that of a failure."""
    (place.path / "answerloop.toml").write_text(
        '[[sources]]\nname = "docs"\nkind = "folder"\npath = "nowhere"\n', encoding="utf-8"
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = place.run("doctor", ANSWERLOOP_WEB__PORT=str(taken.getsockname()[1]))
    assert done.returncode == 1
    failed = dict(re.findall(r"^✗ ([\w ]+): .*\n  → (.*)$", done.stdout, re.MULTILINE))
    assert list(failed) == ["index", "sources", "chat page"]
    assert "answerloop ingest" in failed["index"]
    assert "nowhere" in done.stdout
    assert re.findall(r"^✓ ([\w ]+):", done.stdout, re.MULTILINE) == [
        *PARTS[:4],
        "access",
        "generator",
        "admin pages",
        "slack",
        "discord",
    ]


def test_doctor_tells_of_settings_that_cannot_be_read(empty: Place) -> None:
    """Nothing else can be looked at then."""
    (empty.path / "answerloop.toml").write_text("hom = 1", encoding="utf-8")
    told = empty.json("doctor", code=1)
    assert told["ok"] is False
    assert [(c["part"], c["ok"]) for c in told["checks"]] == [("settings", False)]
    assert "did you mean home?" in told["checks"][0]["found"]


def test_doctor_asks_the_language_model_for_a_word(installed: Place) -> None:
    """It says what answers, or why it does not; the index is well either way."""
    with LanguageServer() as server:
        kind = {"ANSWERLOOP_GENERATOR__KIND": "openai", "ANSWERLOOP_GENERATOR__MODEL": "scripted"}
        variables = {**kind, "ANSWERLOOP_GENERATOR__BASE_URL": server.url, "ANSWERLOOP_WEB__PORT": "0"}
        told = installed.json("doctor", **variables)
        assert told["ok"], told
        assert "openai:scripted answers" in str(told)
        assert len(server.asked) == 1
        server.key = "sk-other"
        told = installed.json("doctor", code=1, **variables, ANSWERLOOP_GENERATOR__API_KEY="sk-secret")
    (failed,) = (check for check in told["checks"] if not check["ok"])
    assert failed["part"] == "generator"
    assert "ANSWERLOOP_GENERATOR__API_KEY" in failed["found"]
    assert "docs/generators.md" in failed["remedy"]
    assert "sk-secret" not in str(told)
    told = installed.json("doctor", code=1, **kind, ANSWERLOOP_WEB__PORT="0")
    assert [check["part"] for check in told["checks"] if not check["ok"]] == ["generator"]


def test_doctor_tries_an_address_as_serve_does(installed: Place) -> None:
    """IPv6 included."""
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    told = installed.json("doctor", ANSWERLOOP_WEB__PORT="0", ANSWERLOOP_WEB__HOST="::1")
    assert [c["found"] for c in told["checks"] if c["part"] == "chat page" and c["ok"]]


# --- ingest and sources ------------------------------------------------------------------------------------------


def test_ingest_reads_a_folder_and_tells_what_it_did(place: Place) -> None:
    """One object; a second time nothing is to be done, and what changed meanwhile is all that is read."""
    first = place.json("ingest", "handbook")
    assert list(first) == ["release", "removed_sources", "sources"]
    (source,) = first["sources"]
    assert (source["source"], source["added"], source["passages"], source["error"]) == (
        "handbook",
        3,
        3,
        None,
    )
    (place.path / "handbook" / "leave.md").write_text("You have 31 days of leave a year.\n")
    (place.path / "handbook" / "office.md").unlink()
    (place.path / "handbook" / "bad.pdf").write_bytes(b"%PDF-1.7 nothing")
    (source,) = place.json("ingest")["sources"]
    counts = [source[name] for name in ("added", "changed", "removed", "unchanged")]
    assert counts == [0, 1, 1, 1]
    assert [skipped["key"] for skipped in source["skipped"]] == ["bad.pdf"]
    assert place.json("ask", "How many days of leave do I have?")["answer"].startswith("You have 31 days")


def test_ingest_shows_a_table_and_what_was_skipped(place: Place) -> None:
    """For people; a file that cannot be read is no failure of the command."""
    (place.path / "handbook" / "bad.pdf").write_bytes(b"%PDF-1.7 nothing")
    done = place.run("ingest", "handbook", "--name", "docs", "--scope", "staff")
    assert done.returncode == 0
    assert re.search(r"docs\s+3\s+0\s+0\s+0\s+1\s+3", done.stdout)
    assert "docs/bad.pdf: skipped: " in done.stdout
    (source,) = place.json("sources")["sources"]
    assert (source["source"], source["scope"], source["documents"]) == ("docs", "staff", 3)


def test_sources_lists_what_is_read_from(installed: Place) -> None:
    """With what came of it; as one object, or as a table."""
    (source,) = installed.json("sources")["sources"]
    assert source.pop("synced_at").startswith("20")
    assert source == {
        "source": "handbook",
        "kind": "folder",
        "scope": "public",
        "documents": 3,
        "skipped": 0,
        "passages": 3,
        "error": None,
    }
    shown = installed.run("sources").stdout
    assert re.search(r"handbook\W+folder\W+public\W+3\W+0\W+3", shown)


def test_a_source_can_be_forgotten_with_all_its_documents(copied: Place) -> None:
    """Nothing of it is answered from any more."""
    done = copied.run("sources", "--remove", "handbook")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"handbook: forgotten, with .*\b3\b.*\n", done.stdout)
    assert copied.json("sources") == {"sources": []}
    answer = copied.json("ask", "How many days of leave do I have?")
    assert (answer["abstained"], answer["nearest"]) == (True, [])


def test_two_folders_of_one_name_do_not_replace_each_other(place: Place) -> None:
    """Neither in one command, nor one after the other."""
    other = place.path / "other" / "handbook"
    other.mkdir(parents=True)
    (other / "page.md").write_text("Something else.\n")
    at_once = place.run("ingest", "handbook", str(other))
    assert at_once.returncode == 2
    assert at_once.stderr.splitlines()[-1].startswith("There is a source named handbook already")
    assert place.run("ingest", "handbook").returncode == 0
    later = place.run("ingest", str(other))
    assert (later.returncode, later.stderr.count("choose another with --name.")) == (2, 1)
    assert place.json("sources")["sources"][0]["documents"] == 3


def test_an_interrupted_ingest_says_so_and_can_be_gone_on_with(place: Place) -> None:
    """Ctrl-C: one sentence, exit status 130, every document wholly old or wholly new."""
    for n in range(400):
        text = f"# Page {n}\n\n" + f"This is what page {n} says of lanterns and their care. " * 4
        (place.path / "handbook" / f"page{n}.md").write_text(text)
    process = subprocess.Popen(
        [*COMMAND, "ingest", "handbook"], cwd=place.path, env=place.environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    wait_until(lambda: finished_in(place.home / "answerloop.db") > 0)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the reading processes get it as well
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert (
        said.splitlines()[-1] == "Stopped. What was finished is kept; run `answerloop ingest` again to go on."
    )
    assert "Traceback" not in said
    kept = finished_in(place.home / "answerloop.db")
    assert 0 < kept < 403
    (source,) = place.json("ingest")["sources"]
    assert (source["unchanged"], source["added"] + source["changed"]) == (kept, 403 - kept)
    (listed,) = place.json("sources")["sources"]
    assert (listed["documents"], listed["passages"]) == (403, 403)


def wait_until(condition: Any, within_s: float = 60) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def finished_in(file: Path) -> int:
    """How many documents the register holds as done; those being written have no digest yet."""
    if not file.is_file():
        return 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        try:
            count: int = connection.execute("SELECT count(*) FROM documents WHERE digest <> ''").fetchone()[0]
        except sqlite3.OperationalError:
            return 0
    return count


# --- ask and chat ------------------------------------------------------------------------------------------------


def test_ask_prints_one_object(installed: Place, ingested: Place) -> None:
    """With these keys, which scripts rely on."""
    answer = installed.json("ask", "How many days of leave do I have?")
    assert list(answer) == [
        "answer",
        "citations",
        "confidence",
        "abstained",
        "nearest",
        "answer_id",
        "standalone",
        "generator",
        "notices",
        "cached",
        "release",
        "timings_ms",
    ]
    assert answer["answer"].startswith("You have 30 days of leave a year. [1]")
    assert answer["citations"][0] == {
        "number": 1,
        "title": "Leave",
        "location": (ingested.path / "handbook" / "leave.md").as_uri() + "#leave",
        "place": "line 1",
        "quote": answer["citations"][0]["quote"],
    }
    assert answer["citations"][0]["quote"].startswith("You have 30 days of leave a year.")
    assert (answer["abstained"], answer["nearest"], answer["release"]) == (False, [], "r1")
    assert (answer["standalone"], answer["generator"], answer["notices"]) == ("", "extractive", [])
    assert 0.5 < answer["confidence"] <= 1
    assert set(answer["timings_ms"]) >= {"embed", "search", "generate", "record", "total"}


def test_ask_abstains_with_the_nearest_documents(installed: Place) -> None:
    """An honest answer is no failure."""
    done = installed.run("ask", "What is the boiling point of tungsten?", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert (answer["abstained"], answer["citations"]) == (True, [])
    assert {c["title"] for c in answer["nearest"]} == {"Leave", "Office", "cup"}


def test_ask_speaks_the_terminals_language(installed: Place) -> None:
    """That of the locale, unless the settings name one for all."""
    question = "What is the boiling point of tungsten?"
    german = installed.run("ask", question, LC_ALL="de_AT.UTF-8").stdout
    assert german.startswith("In den Dokumenten, die ich lesen kann, habe ich darauf keine Antwort gefunden.")
    assert "Durchsucht habe ich handbook." in german
    assert "Am ehesten passende Dokumente" in german
    assert "Zeile 1" in german
    spanish = installed.json("ask", question, LC_ALL="de_AT.UTF-8", ANSWERLOOP_LANGUAGE="es")
    assert spanish["answer"].startswith("No he encontrado una respuesta a eso")


def test_ask_prints_the_answer_and_its_sources(installed: Place) -> None:
    """For people."""
    done = installed.run("ask", "Who won the last FIFA World Cup?")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Argentina won the last FIFA World Cup" in done.stdout
    assert "cup" in done.stdout.splitlines()[-1] or "cup.txt" in done.stdout


def test_an_answer_that_was_asked_for_is_recorded(installed: Place) -> None:
    """By the id that was printed."""
    answer = installed.json("ask", "Where is the office?")
    with closing(sqlite3.connect(installed.home / "answerloop.db")) as connection:
        rows = connection.execute(
            "SELECT platform, question FROM answers WHERE id = ?", [answer["answer_id"]]
        )
        assert rows.fetchall() == [("console", "Where is the office?")]


def test_chat_is_a_conversation_until_its_input_ends(installed: Place) -> None:
    """Also when what is typed comes from a file."""
    done = installed.run("chat", given="Who won the last FIFA World Cup?\n/up\n")
    assert done.returncode == 0
    assert "Argentina" in done.stdout
    assert "Traceback" not in done.stderr


# --- evaluate ----------------------------------------------------------------------------------------------------


def test_evaluate_retrieval_measures_a_set_of_ones_own(installed: Place, tmp_path: Path) -> None:
    """The last line is one object; the installation's own index is left alone. A file of the set may be packed."""
    corpus = [{"_id": name, "title": "", "text": text} for name, text in HANDBOOK.items()]
    queries = [{"_id": "q1", "text": "How much leave is there?"}, {"_id": "q2", "text": "Where in Porto?"}]
    (tmp_path / "corpus.jsonl.gz").write_bytes(gzip.compress(lines_of(corpus)))
    (tmp_path / "queries.jsonl").write_bytes(lines_of(queries))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "dev.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\tleave.md\t1\nq2\toffice.md\t1\n"
    )
    before = installed.json("sources")
    result = installed.json("evaluate", "retrieval", str(tmp_path), "--split", "dev")
    assert {"ndcg@10", "recall@10", "mrr@10", "p50_ms", "p95_ms", "passages_per_s", "peak_mb"} <= set(result)
    assert (result["ndcg@10"], result["recall@10"], result["mrr@10"]) == (1.0, 1.0, 1.0)
    assert (result["documents"], result["queries"]) == (3, 2)
    assert 0 < result["p50_ms"] <= result["p95_ms"]
    assert 50 < result["peak_mb"] < 2_000
    assert installed.json("sources") == before


def lines_of(rows: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


# --- mistakes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["ask", "When?"], 1, "There is nothing to answer from yet: run `answerloop ingest FOLDER` first."),
        (["chat"], 1, "There is nothing to answer from yet: run `answerloop ingest FOLDER` first."),
        (["ingest", "nowhere"], 2, "nowhere: there is no such file or folder."),
        (["ingest"], 1, "There is nothing to read: name a folder (`answerloop ingest FOLDER`)"),
        (["ingest", "handbook", "--scope", "my team"], 2, "--scope: use letters, digits"),
        (["ingest", "handbook", "handbook/cup.txt", "--name", "x"], 2, "--name names one source"),
        (["evaluate", "retrieval", "handbook"], 1, "There is no handbook/qrels/test.tsv"),
        (["--config", "my.toml", "ask", "When?"], 2, "my.toml: there is no such settings file"),
        (["--home", "handbook/cup.txt", "ask", "When?"], 1, "The home directory handbook/cup.txt cannot be"),
    ],
)
def test_a_mistake_is_a_sentence_on_standard_error(
    place: Place, arguments: list[str], code: int, said: str
) -> None:
    """Exit status 2 for the settings and the command line, 1 for the rest; no traceback, nothing on standard output."""
    done = place.run(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.splitlines()[-1].startswith(said)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ["sources", "--remove", "nosuch"],
            1,
            "There is no source named 'nosuch'; `answerloop sources` lists",
        ),
        (["ask", "???"], 1, "Please ask a question in words"),
        (["ask", "x" * 5_000], 1, "Your question has 5,000 characters"),
    ],
)
def test_a_mistake_is_a_sentence_with_documents_as_well(
    installed: Place, arguments: list[str], code: int, said: str
) -> None:
    """One line, no traceback."""
    done = installed.run(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["serve", "--port", "99999"], ["asks"], ["ask"], ["ask", "When?", "--jsn"]]
)
def test_a_command_line_that_is_none_is_refused(empty: Place, arguments: list[str]) -> None:
    """With how it is used; nothing is made."""
    done = empty.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: " in done.stderr
    assert list(empty.path.iterdir()) == []


def test_another_model_than_the_index_was_made_with_is_refused(installed: Place) -> None:
    """The sentence names both, and the command that builds the index anew."""
    done = installed.run("ingest", ANSWERLOOP_EMBEDDING__MODEL="some/other")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "The index was made with sentence-transformers/all-MiniLM-L6-v2, but embedding.model is some/other: "
        "`answerloop ingest --rebuild` builds it anew with that model."
    )


def test_a_model_that_cannot_be_exported_is_a_sentence(place: Place) -> None:
    """The exporter runs in a process of its own; its last line is told."""
    done = place.run("ingest", "handbook", ANSWERLOOP_EMBEDDING__MODEL="no-such/model")
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("The embedding model no-such/model could not be loaded: ")
    assert "Traceback" not in done.stderr


# --- what is imported --------------------------------------------------------------------------------------------


def imported(said: str) -> set[str]:
    (line,) = [line for line in said.splitlines() if line.startswith("IMPORTED ")]
    return set(line.split()[1:])


@pytest.mark.parametrize(
    "arguments",
    [["ask", "Where is the office?"], ["ingest"], ["sources"], ["evaluate", "retrieval", "."]],
)
def test_no_training_framework_is_imported(installed: Place, arguments: list[str]) -> None:
    """Starting takes tenths of a second where importing torch takes seconds."""
    done = subprocess.run(
        [sys.executable, "-c", LISTING, *arguments], cwd=installed.path, env=installed.environment(),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    names = imported(done.stderr)
    assert "bots" in names
    assert names & HEAVY == set()
    if arguments[0] == "ask":
        assert names & {"pandas", "alembic", "starlette"} == set()


@pytest.fixture
def serving(installed: Place) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`answerloop serve` on a free port, and its address."""
    process = subprocess.Popen(
        [sys.executable, "-c", LISTING, "serve", "--only", "web", "--port", "0"], cwd=installed.path, text=True,
        env=installed.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().removeprefix("answerloop is ready: ").strip()
    finally:
        process.kill()
        process.communicate()


def test_serve_answers_until_it_is_stopped(serving: tuple[subprocess.Popen[str], str]) -> None:
    """The page, a question, its state; then it ends cleanly, and has imported no training framework either."""
    process, address = serving
    with httpx.Client(base_url=address, timeout=10) as client:
        page = client.get("/")
        answer = client.post("/api/ask", json={"question": "How many days of leave do I have?"}).json()
        state = client.get("/healthz").json()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=20)
    assert "<title>answerloop</title>" in page.text
    assert "30 days" in str(answer)
    assert (state["ready"], state["release"]) == (True, "r1")
    assert not {"passages", "generation"} & set(state)
    assert (process.returncode, "Traceback" in said) == (0, False)
    assert imported(said) & HEAVY == set()
