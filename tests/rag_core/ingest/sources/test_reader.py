from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rag_core.errors import DocumentError, SettingsError, SourceError
from rag_core.ingest.sources import Item, Source, open_source
from rag_core.settings import Ingest, ReaderSource

pytest.importorskip("llama_index.core")
from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import Document


class Wiki(BaseReader):
    """A reader of the test's own: what its arguments say, one document at a time."""

    def __init__(self, pages: list[dict[str, Any]], token: str = "", fail: str = "") -> None:
        if token == "refused":
            raise ValueError(f"the token {token} is wrong")
        self.pages, self.token, self.fail = pages, token, fail

    def lazy_load_data(self) -> Iterator[Document]:
        for page in self.pages:
            yield Document(**page)
        if self.fail:
            raise ConnectionError(f"{self.fail} (with {self.token})")


class OldWiki(Wiki):
    """As most readers are: without lazy_load_data, and with arguments to load_data."""

    lazy_load_data = BaseReader.lazy_load_data  # type: ignore[assignment]

    def load_data(self, space: str) -> list[Document]:  # type: ignore[override]
        return [Document(text=f"{space}: {page['text']}", id_=page["text"]) for page in self.pages]


@pytest.fixture(autouse=True)
def wiki_package() -> Iterator[None]:
    """The readers above, importable as somebody's package would be."""
    module = ModuleType("some_wiki")
    vars(module).update(Wiki=Wiki, OldWiki=OldWiki, NoReader=dict, value=3)
    sys.modules["some_wiki"] = module
    yield
    del sys.modules["some_wiki"]


def source(work: Path, reader: str = "some_wiki:Wiki", **settings: object) -> Source:
    made = ReaderSource.model_validate({"name": "wiki", "reader": reader} | settings)
    return open_source(made, work / "work", Ingest(max_file_mb=1))


async def listed(work: Path, *pages: dict[str, Any], **settings: Any) -> list[Item]:
    args = {"pages": list(pages)} | settings.pop("args", {})
    return [item async for item in source(work, args=args, **settings).items({})]


async def test_directory_reader(tmp_path: Path) -> None:
    """LlamaIndex's own SimpleDirectoryReader brings a folder's files, keyed by and linked to their paths."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text("# A\n\nText of A.")
    (tmp_path / "docs/b.txt").write_text("Text of B.")
    reader = "llama_index.core:SimpleDirectoryReader"
    made = source(tmp_path, reader, args={"input_dir": str(tmp_path / "docs")})
    items = [item async for item in made.items({})]
    assert items[0].key == str(tmp_path / "docs/a.md")
    assert items[-1].url == (tmp_path / "docs/b.txt").as_uri()
    fetched = await items[-1].fetch()
    assert fetched is not None
    assert (fetched.title, fetched.suffix, fetched.path.read_text()) == ("b.txt", ".md", "Text of B.")
    assert fetched.fingerprint == items[-1].fingerprint
    await made.close()
    assert not fetched.path.exists()


async def test_what_is_unchanged_keeps_its_key_and_fingerprint(tmp_path: Path) -> None:
    """Two loads of the same documents agree in key and fingerprint although LlamaIndex makes up ids."""
    pages = ({"text": "one", "metadata": {"url": "https://w/1"}}, {"text": "two"})
    first, second = [[(i.key, i.fingerprint) for i in await listed(tmp_path, *pages)] for _ in range(2)]
    assert first == second


@pytest.mark.parametrize(
    ("page", "key"),
    [
        ({"metadata": {"url": "https://w/1", "file_path": "/a"}}, "https://w/1"),
        ({"metadata": {"file_path": "/docs/a.pdf"}}, "/docs/a.pdf"),
        ({"metadata": {"page_id": 17}}, "17"),
        ({"metadata": {"source": "handbook"}}, "handbook"),
        ({"id_": "ticket-9"}, "ticket-9"),
        ({"id_": "0b6ec1b2-8b0a-4c37-9d0c-4d9e5b1d7f11"}, "text:2d711642b726b04401627ca9fbac32f5"),
    ],
)
async def test_keys(tmp_path: Path, page: dict[str, Any], key: str) -> None:
    """The key is where a document lies, else its id; one with a made-up id is known by its text."""
    [item] = await listed(tmp_path, {"text": "x"} | page)
    assert item.key == key


async def test_parts_of_one_document(tmp_path: Path) -> None:
    """Several documents of one place, such as the pages of a PDF, are numbered."""
    pages = [{"text": str(n), "metadata": {"file_path": "/a.pdf"}} for n in range(3)]
    assert [item.key for item in await listed(tmp_path, *pages)] == ["/a.pdf", "/a.pdf#2", "/a.pdf#3"]


@pytest.mark.parametrize(
    ("metadata", "url"),
    [
        ({"url": "https://w/1#part"}, "https://w/1"),
        ({"source": "http://w/2"}, "http://w/2"),
        ({"file_path": "/docs/a b.md"}, "file:///docs/a%20b.md"),
        ({"url": "javascript:alert(1)"}, ""),
        ({"source": "handbook"}, ""),
        ({}, ""),
    ],
)
async def test_links(tmp_path: Path, metadata: dict[str, str], url: str) -> None:
    """A citation links to a web address or a file; whatever else a document claims is no link."""
    [item] = await listed(tmp_path, {"text": "x", "metadata": metadata})
    assert item.url == url


async def test_title(tmp_path: Path) -> None:
    """The title is the metadata's, the file's copy is called so, and a new title is a change."""
    one, two = [await listed(tmp_path, {"text": "x", "metadata": {"title": t}}) for t in ("../../One", "Two")]
    fetched = await one[0].fetch()
    assert fetched is not None
    assert (fetched.title, fetched.path.name) == ("../../One", "One.md")
    assert one[0].fingerprint != two[0].fingerprint
    fetched.discard()
    assert not fetched.path.exists()


async def test_document_without_text(tmp_path: Path) -> None:
    """A document without text, or with too much, is skipped with its reason."""
    empty, large = await listed(tmp_path, {"text": " "}, {"text": "x" * (2**20 + 1)})
    with pytest.raises(DocumentError, match="holds no text"):
        await empty.fetch()
    with pytest.raises(DocumentError, match=r"ingest\.max_file_mb"):
        await large.fetch()


async def test_arguments_of_load_data(tmp_path: Path) -> None:
    """A reader without lazy loading is given the arguments of load."""
    [item] = await listed(tmp_path, {"text": "x"}, reader="some_wiki:OldWiki", load={"space": "team"})
    fetched = await item.fetch()
    assert fetched is not None
    assert fetched.path.read_text() == "team: x"


async def test_secrets_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """'env:NAME' is replaced by that variable, at any depth; a missing one is a SettingsError."""
    monkeypatch.setenv("WIKI_TOKEN", "s3cret")
    [item] = await listed(tmp_path, {"text": "x", "metadata": {"url": "env:WIKI_TOKEN"}})
    assert item.key == "s3cret"
    with pytest.raises(SettingsError, match=r"NO_TOKEN is not set: sources\.wiki\.args\.token needs it"):
        await listed(tmp_path, args={"token": "env:NO_TOKEN"})


async def test_secrets_stay_out_of_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that tells its secrets in an error is quoted without them."""
    monkeypatch.setenv("WIKI_TOKEN", "refused")
    with pytest.raises(SettingsError, match="the token env:WIKI_TOKEN is wrong"):
        await listed(tmp_path, args={"token": "env:WIKI_TOKEN"})


async def test_reader_that_fails_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a reader brought before it failed are items; then comes a SourceError with its reason."""
    monkeypatch.setenv("WIKI_TOKEN", "s3cret")
    args = {"pages": [{"text": "x", "id_": "1"}], "token": "env:WIKI_TOKEN", "fail": "timed out"}
    items = source(tmp_path, args=args).items({})
    assert (await anext(items)).key == "1"
    with pytest.raises(SourceError, match=r"ConnectionError: timed out \(with env:WIKI_TOKEN\)"):
        await anext(items)


@pytest.mark.parametrize(
    ("reader", "reason"),
    [
        ("llama_index.readers.notion:NotionPageReader", "'answerloop.readers.' llama-index-readers-notion"),
        ("no_such_package:Reader", "needs the module no_such_package; install the package that has it"),
        ("some_wiki:NoReader", "is no LlamaIndex reader"),
        ("some_wiki:value", "is no LlamaIndex reader"),
        ("some_wiki:Missing", "is no LlamaIndex reader"),
    ],
)
async def test_readers_that_are_none(tmp_path: Path, reader: str, reason: str) -> None:
    """A reader that is not installed, or is none, is a SettingsError that says what to install."""
    with pytest.raises(SettingsError, match=reason):
        [_ async for _ in source(tmp_path, reader).items({})]


async def test_wrong_arguments(tmp_path: Path) -> None:
    """Arguments that the reader does not take are a SettingsError that names the key."""
    with pytest.raises(SettingsError, match=r"sources\.wiki\.args: .* unexpected keyword argument 'colour'"):
        await listed(tmp_path, args={"colour": "red"})
