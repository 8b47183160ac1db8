"""What the bot says itself, in every language it speaks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl
from fluent.syntax.visitor import Visitor

from adapters.channels import LABELS
from rag_core import messages
from rag_core.messages import FOLDER, LANGUAGES, listed, patterns, say, spoken
from rag_core.settings import Settings

ROOT = Path(__file__).parents[2]
SPEAKING = sorted(
    file
    for name in ("rag_core", "adapters", "bots")
    for file in (ROOT / name).rglob("*.py")
    if "migrations" not in file.parts
)
PAGE = ROOT / "adapters" / "web_page"
OTHERS = [language for language in LANGUAGES if language != "en"]
NUMBERS = {"number", "length", "most"}


def resource(language: str) -> ftl.Resource:
    return FluentParser().parse((FOLDER / f"{language}.ftl").read_text(encoding="utf-8"))


class Variables(Visitor):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ftl.VariableReference) -> None:
        self.names.add(node.id.name)


def variables(language: str) -> dict[str, set[str]]:
    """The variables of each message, by its id."""
    found = {}
    for entry in resource(language).body:
        if isinstance(entry, ftl.Message):
            visitor = Variables()
            visitor.visit(entry)
            found[entry.id.name] = visitor.names
    return found


ENGLISH = variables("en")


def samples(message: str, number: object = 1_234) -> dict[str, object]:
    return {name: number if name in NUMBERS else f"‹{name}›" for name in ENGLISH[message]}


# --- the catalogues ----------------------------------------------------------------------------------------------


def test_english_and_three_more() -> None:
    """The setting `language` offers the same."""
    assert LANGUAGES == ("de", "en", "es", "fr")
    offered = get_args(get_args(Settings.model_fields["language"].annotation)[0])
    assert offered == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_is_whole(language: str) -> None:
    """The same messages with the same variables, each once, and nothing that Fluent cannot read."""
    entries = resource(language).body
    ids = [entry.id.name for entry in entries if isinstance(entry, ftl.Message)]
    assert not [entry for entry in entries if isinstance(entry, ftl.Junk)]
    assert len(ids) == len(set(ids))
    assert variables(language) == ENGLISH


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", [0, 1, 2, 1_234, 1_000_000, 1.5])
def test_every_message_can_be_said(language: str, number: float, caplog: pytest.LogCaptureFixture) -> None:
    """With values in it, and nothing of Fluent left over."""
    for message in ENGLISH:
        values = samples(message, number)
        said = say(language, message, **values)
        assert said
        assert not re.search(r"[{}]|\$\w|\?\?\?", said)
        assert all(str(value) in said for value in values.values() if isinstance(value, str))
    assert not caplog.records


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_without_fluent_is_said_as_by_it(language: str) -> None:
    """Simple messages are filled in by ourselves, since Fluent takes long to import."""
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource((FOLDER / f"{language}.ftl").read_text(encoding="utf-8")))
    for message in ENGLISH:
        values = samples(message)
        said, errors = bundle.format_pattern(bundle.get_message(message).value, values)
        assert (say(language, message, **values), errors) == (said, [])


@pytest.mark.parametrize("language", OTHERS)
def test_no_catalogue_is_english(language: str) -> None:
    """Only what is the same word in both languages is the same."""
    same = {
        message
        for message in ENGLISH
        if say(language, message, **samples(message)) == say("en", message, **samples(message))
    }
    shared = {
        "script-milliseconds",
        "script-seconds",
        "page-conversation",
        "page-error",
        "sources",
        "place-page",
        "script-source",
    }
    assert same <= shared


def test_french_spaces_do_not_break() -> None:
    """Before ; ! ? : and within « », so that no line begins with them."""
    text = (FOLDER / "fr.ftl").read_text(encoding="utf-8")
    assert not re.search(r"[^\s\u202f\u00a0?][;!?](?=\s|$)|[ ](?=[;:!?»](?:\s|$))|« ", text, re.M)
    assert "\u202f?" in say("fr", "vote-bad")


def test_each_language_has_its_own_marks() -> None:
    """Spanish opens its questions; no language has typewriter quotes or dots."""
    for language in LANGUAGES:
        for message in ENGLISH:
            said = say(language, message, **samples(message))
            assert not re.search(r"[\"']|\.\.\.", said)
            assert language != "es" or said.count("?") - said.count("[?]") == said.count("¿")


# --- the code ----------------------------------------------------------------------------------------------------


def trees() -> Iterator[tuple[Path, ast.AST]]:
    for file in SPEAKING:
        yield file, ast.parse(file.read_text(encoding="utf-8"))


def said_in_code() -> set[str]:
    """The ids that are given to say(), as they stand there."""
    ids = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                given = node.args[:1] if name == "_say" else node.args[1:2] if name == "say" else []
                ids |= {arg.value for arg in given if isinstance(arg, ast.Constant)}
    return ids


def said_in_page() -> set[str]:
    slots = re.findall(r"\{\{([a-z-]+)\}\}", (PAGE / "index.html").read_text(encoding="utf-8"))
    scripts = "".join(file.read_text(encoding="utf-8") for file in PAGE.glob("*.js"))
    return {*slots, *re.findall(r'\bsay\("([a-z-]+)"', scripts)} - {"language", "texts"}


def texts_in_code() -> set[str]:
    nodes = (node for _, tree in trees() for node in ast.walk(tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_message_that_is_said_exists() -> None:
    """In Python, in the page and in its scripts."""
    assert said_in_code() | said_in_page() <= set(ENGLISH)
    assert {"failed", "not-found", "no-words"} <= said_in_code()
    assert {"page-new", "script-late"} <= said_in_page()


def test_no_message_is_left_over() -> None:
    """Each id stands somewhere in the code: given to say(), or kept as a notice or a reason to be said later."""
    built = {"place-page", "place-line", *LABELS.values()}  # from kinds of places, and names of settings
    assert set(ENGLISH) - said_in_page() - texts_in_code() - built == set()


SAYING_ONLY = ["adapters/chat.py", "adapters/console.py", "adapters/text.py", "adapters/page.py"]


def sentences(tree: ast.AST) -> Iterator[str]:
    """Texts of several words that are neither docstrings nor for the log."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        if isinstance(node, ast.Call) and re.match(r"log\.|_log_failure\b", ast.unparse(node.func)):
            skipped |= {id(inner) for inner in ast.walk(node)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in skipped)
    for node in texts:
        if isinstance(node.value, str) and re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", node.value):
            yield node.value


@pytest.mark.parametrize("file", SAYING_ONLY)
def test_no_sentence_is_left_in_the_code(file: str) -> None:
    """What the bot says comes from the catalogues; styles of rich are no sentences."""
    found = set(sentences(ast.parse((ROOT / file).read_text(encoding="utf-8"))))
    assert found <= {"bold cyan", "bold dim", "dim italic"}


def test_a_sentence_in_the_code_is_found() -> None:
    """The test above can fail."""
    code = 'def f():\n    """Says it now."""\n    log.info("Not this one")\n    return f"Try {x} it again."'
    assert list(sentences(ast.parse(code))) == [" it again."]


def test_no_sentence_is_left_in_the_page() -> None:
    """Neither in its elements and their attributes nor in its scripts."""
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    attributes = re.findall(r'(?:title|placeholder|aria-label|content)="([^"{]+)"', page)
    assert set(attributes) == {"width=device-width, initial-scale=1", "light dark"}
    texts = {text.strip() for text in re.findall(r">([^<>{]+)<", page)} - {""}
    assert texts == {"answerloop"}
    for script in PAGE.glob("*.js"):
        code = re.sub(r"(?m)(^|\s)//.*$|/\*.*?\*/", "", script.read_text(encoding="utf-8"))
        assert re.findall(r"[\"'`](?:[^\"'`\n]*\s)?[A-Z][a-z]+ [a-z]+", code) == []


# --- saying ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("de", "de"), ("de-AT", "de"), ("DE_ch", "de"), ("en-GB", "en"), ("ja", ""), ("", ""), ("../en", ""),
        ("deu", ""), ("C", ""),
    ],
)  # fmt: skip
def test_a_tag_is_spoken_by_its_language(tag: str, code: str) -> None:
    """Regions make no difference."""
    assert spoken(tag) == code


@pytest.mark.parametrize("language", ["", "ja", "xx-YY", "../../etc/passwd", "\x00"])
def test_an_unknown_language_is_answered_in_english(language: str) -> None:
    assert say(language, "sources") == "Sources"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "value", [None, object(), b"x", [], float("nan"), float("inf"), -1, 10**30, "{", "\ud800"]
)
def test_no_value_raises(language: str, value: object) -> None:
    """Neither a wrong one, nor one too many, nor a missing one."""
    for message, names in ENGLISH.items():
        if names:
            assert say(language, message, **dict.fromkeys(names, value))
    assert say(language, "sources", unheard_of=value) == say(language, "sources")
    assert say(language, "searched", unheard_of=value)


def test_a_value_is_never_read_as_a_pattern() -> None:
    """What a person wrote comes back as they wrote it."""
    for text in ("{ $number }", "{ sources }", "\\u0041 {", "two\nlines"):
        assert say("en", "taken-as", question=text) == f"I took this as: {text}"


def test_an_unknown_message_is_said_by_its_id(caplog: pytest.LogCaptureFixture) -> None:
    """A notice kept by a newer version, for instance; the log tells."""
    assert say("de", "not-yet-thought-of") == "not-yet-thought-of"
    assert "not-yet-thought-of" in caplog.text


@pytest.fixture
def half_translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Catalogues of which one lacks a message and has mistakes in two others."""
    (tmp_path / "en.ftl").write_text(
        "sources = Sources\nfailed = It failed.\nlooking = { $a ->\n   *[x] Looking\n }\n"
    )
    (tmp_path / "it.ftl").write_text(
        "sources = Fonti\nlooking = { NOFUNCTION($a) } cerco\nfailed = { nowhere }\n"
    )
    monkeypatch.setattr(messages, "FOLDER", tmp_path)
    monkeypatch.setattr(messages, "LANGUAGES", ("en", "it"))
    _forget()
    yield
    _forget()


def _forget() -> None:
    for cached in (messages._bundle, messages._entries, messages._simple):
        cached.cache_clear()


@pytest.mark.usefixtures("half_translated")
def test_what_a_catalogue_lacks_is_said_in_english() -> None:
    """Also what it has wrong."""
    assert say("it", "sources") == "Fonti"
    assert say("it", "failed") == "It failed."
    assert say("it", "looking", a="b") == "Looking"


def test_numbers_are_written_as_the_language_does() -> None:
    said = {language: say(language, "too-long", length=100_000, most=4_000) for language in LANGUAGES}
    assert "100,000" in said["en"]
    assert "100.000" in said["de"]
    assert "100\u202f000" in said["fr"]
    assert "100.000" in said["es"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"),
        (list("abcdef"), "a, b, c, d, e and f"), (list("abcdefg"), "a, b, c, d, e and 2 more"),
        ([str(n) for n in range(1_005)], "0, 1, 2, 3, 4 and 1,000 more"),
    ],
)  # fmt: skip
def test_names_are_joined_and_bounded(names: list[str], said: str) -> None:
    """However many sources there are, the sentence stays short."""
    assert listed("en", names) == said


def test_names_are_joined_by_each_languages_rules() -> None:
    """Plurals too: `number` chooses the form."""
    many = list("abcdefgh")
    assert listed("de", ["a", "b", "c"]) == "a, b und c"
    assert listed("de", many) == "a, b, c, d, e und 3 weitere"
    assert listed("fr", many) == "a, b, c, d, e et 3 autres"
    assert listed("es", many) == "a, b, c, d, e y 3 más"
    assert say("de", "list-more", names="a", number=1) == "a und eine weitere"
    assert say("fr", "list-more", names="a", number=1) == "a et 1 autre"


def test_a_page_gets_patterns_to_fill_in() -> None:
    """Variables become names in braces."""
    assert patterns("de", ["script-source", "sources"]) == {
        "script-source": "Quelle {number}: {title}",
        "sources": "Quellen",
    }


def test_an_ordinary_answer_needs_no_fluent() -> None:
    """Its import would be felt in `answerloop ask`; what an answer is shown with is filled in without."""
    program = (
        "import sys; from rag_core.messages import say; say('de', 'sources'); say('fr', 'written-by', generator='x');"
        "assert not {'fluent.runtime', 'babel'} & set(sys.modules);"
        "say('de', 'too-long', length=1, most=2); assert 'fluent.runtime' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
