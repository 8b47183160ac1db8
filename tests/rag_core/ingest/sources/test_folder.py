from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from rag_core.errors import DocumentError, SourceError
from rag_core.ingest.sources import Item, Source, open_source
from rag_core.settings import FolderSource, Ingest


def write(path: Path, text: str = "text", age_s: float = 60) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    then = time.time() - age_s
    os.utime(path, (then, then))
    return path


def skip_when_open(path: Path) -> None:
    if os.access(path, os.R_OK):
        pytest.skip("root reads everything")


def source(path: Path, max_file_mb: int = 1, **settings: object) -> Source:
    made = FolderSource.model_validate({"name": "docs", "path": path} | settings)
    return open_source(made, path / "never-made", Ingest(max_file_mb=max_file_mb))


async def listed(path: Path, **settings: object) -> list[Item]:
    return [item async for item in source(path, **settings).items({})]


async def keys(path: Path, **settings: object) -> list[str]:
    return [item.key for item in await listed(path, **settings)]


async def test_lists_supported_files_in_order(tmp_path: Path) -> None:
    """Every file that a loader reads is an item, sorted within each folder, keyed by its relative path."""
    for name in ("b.md", "a/z.txt", "a/b/c.html", "image.png", "README"):
        write(tmp_path / name)
    assert await keys(tmp_path) == ["a/b/c.html", "a/z.txt", "b.md"]


async def test_more_files_than_one_batch(tmp_path: Path) -> None:
    """A folder of any size is listed wholly, a batch at a time."""
    for number in range(600):
        write(tmp_path / f"{number:04}.md")
    assert len(await keys(tmp_path)) == 600


async def test_include_and_ignore_are_gitignore_globs(tmp_path: Path) -> None:
    """include selects and ignore leaves out, by the globs of .gitignore, whole folders too."""
    for name in ("guide/a.md", "guide/b.txt", "drafts/c.md", "guide/drafts/d.md", "e.md"):
        write(tmp_path / name)
    assert await keys(tmp_path, include=["*.md"], ignore=["drafts/"]) == ["e.md", "guide/a.md"]
    assert await keys(tmp_path, include=["/guide/**"]) == ["guide/a.md", "guide/b.txt", "guide/drafts/d.md"]


async def test_ignore_can_be_taken_back(tmp_path: Path) -> None:
    """A later '!' wants a file back that an earlier glob left out."""
    write(tmp_path / "docs/a.md")
    write(tmp_path / "docs/keep.md")
    assert await keys(tmp_path, ignore=["docs/**", "!docs/keep.md"]) == ["docs/keep.md"]


async def test_hidden_files_only_on_demand(tmp_path: Path) -> None:
    """Hidden files and folders are left out unless the setting hidden is true."""
    for name in (".git/a.md", ".b.md", "c.md"):
        write(tmp_path / name)
    assert await keys(tmp_path) == ["c.md"]
    assert await keys(tmp_path, hidden=True) == [".b.md", ".git/a.md", "c.md"]


async def test_links_within_are_followed(tmp_path: Path) -> None:
    """A link to a file or folder within the folder is followed."""
    write(tmp_path / "v2/a.md")
    (tmp_path / "latest").symlink_to("v2")
    (tmp_path / "b.md").symlink_to("v2/a.md")
    assert await keys(tmp_path) == ["b.md", "latest/a.md", "v2/a.md"]


async def test_links_that_leave_or_loop_are_not(tmp_path: Path) -> None:
    """A link that leaves the folder, leads back up, to itself or to nothing is not followed."""
    outside = write(tmp_path / "outside/secret.md").parent
    root = write(tmp_path / "docs/sub/a.md").parent.parent
    (root / "out").symlink_to(outside)
    (root / "secret.md").symlink_to(outside / "secret.md")
    (root / "sub/up").symlink_to("..")
    (root / "sub/here").symlink_to(".")
    (root / "self.md").symlink_to("self.md")
    (root / "gone.md").symlink_to("nothing.md")
    assert await keys(root) == ["sub/a.md"]


async def test_crossing_links_end(tmp_path: Path) -> None:
    """Links that cross from folder to folder, doubling the paths at each step, are listed in no time."""
    for number in range(40):
        write(tmp_path / f"{number:02}/a.md")
        for name in ("x", "y"):
            (tmp_path / f"{number:02}" / name).symlink_to(f"../{number + 1:02}")
    assert len(await keys(tmp_path)) < 2000


async def test_missing_folder(tmp_path: Path) -> None:
    """A folder that is not there is a SourceError that names it, so that nothing is removed."""
    with pytest.raises(SourceError, match=r"nowhere does not exist; sources\.docs\.path names it"):
        await keys(tmp_path / "nowhere")


async def test_unreadable_subfolder(tmp_path: Path) -> None:
    """A folder within that cannot be listed is a SourceError, but only after all other files were listed."""
    write(tmp_path / "a.md")
    write(tmp_path / "closed/b.md")
    write(tmp_path / "z.md")
    (tmp_path / "closed").chmod(0)
    skip_when_open(tmp_path / "closed")
    items = source(tmp_path).items({})
    try:
        assert [(await anext(items)).key for _ in range(2)] == ["a.md", "z.md"]
        with pytest.raises(SourceError, match="closed cannot be listed"):
            await anext(items)
    finally:
        (tmp_path / "closed").chmod(0o755)


async def test_single_file_of_any_format(tmp_path: Path) -> None:
    """One file named by path is an item whatever its suffix, so that the loader can say why not."""
    [item] = await listed(write(tmp_path / "picture.PNG"))
    fetched = await item.fetch()
    assert fetched is not None
    assert (item.key, fetched.suffix) == ("picture.PNG", ".png")


async def test_citation_links(tmp_path: Path) -> None:
    """A citation links to the setting url and the relative path, quoted; without it, to the file."""
    path = write(tmp_path / "how to/a b#1.md")
    [item] = await listed(tmp_path, url="https://docs.example.org/base")
    assert item.url == "https://docs.example.org/base/how%20to/a%20b%231.md"
    [item] = await listed(tmp_path, url="https://example.org/view?path=")
    assert item.url == "https://example.org/view?path=how%20to/a%20b%231.md"
    [item] = await listed(tmp_path)
    assert item.url == path.as_uri()


async def test_unchanged_file_compares_equal(tmp_path: Path) -> None:
    """The fingerprint of a fetched file equals the one of the next listing until the file changes."""
    path = write(tmp_path / "a.md")
    [item] = await listed(tmp_path)
    fetched = await item.fetch()
    assert fetched is not None
    assert fetched.fingerprint == item.fingerprint != ""
    write(path, "other", age_s=30)
    [item] = await listed(tmp_path)
    assert item.fingerprint != fetched.fingerprint


async def test_file_replaced_with_its_old_time_is_changed(tmp_path: Path) -> None:
    """A file of the same size and time under the same name, such as rsync puts there, counts as changed."""
    path = write(tmp_path / "a.md", "one")
    [before] = await listed(tmp_path)
    time_ns = path.stat().st_mtime_ns
    other = write(tmp_path / "b.tmp", "two")
    os.utime(other, ns=(time_ns, time_ns))
    other.replace(path)
    [after] = await listed(tmp_path)
    assert after.fingerprint != before.fingerprint


async def test_file_changed_a_moment_ago_is_read_again(tmp_path: Path) -> None:
    """A file that changed within the last two seconds gets a fingerprint that no later one equals.

    A second change within a tick of the file system's clock would leave no trace.
    """
    path = write(tmp_path / "a.md", age_s=0)
    [item] = await listed(tmp_path)
    fetched = await item.fetch()
    assert fetched is not None
    assert item.fingerprint == ""
    earlier = path.stat().st_mtime_ns - 60 * 10**9
    os.utime(path, ns=(earlier, earlier))
    [later] = await listed(tmp_path)
    assert later.fingerprint not in ("", fetched.fingerprint)


async def test_large_file(tmp_path: Path) -> None:
    """A file larger than the limit is refused by its size and the setting's name, unread."""
    with write(tmp_path / "a.md").open("wb") as file:
        file.truncate(2**30)
    [item] = await listed(tmp_path)
    with pytest.raises(
        DocumentError, match=r"is 1,024\.0 MB large; the setting ingest\.max_file_mb allows 1 MB"
    ):
        await item.fetch()


async def test_pipe_does_not_hang(tmp_path: Path) -> None:
    """A pipe that nobody writes to is refused, not waited for."""
    os.mkfifo(tmp_path / "a.md")
    [item] = await listed(tmp_path)
    with pytest.raises(DocumentError, match="is not a regular file"):
        await item.fetch()


async def test_vanished_file(tmp_path: Path) -> None:
    """A file that vanishes after it was listed is skipped with that reason."""
    path = write(tmp_path / "a.md")
    [item] = await listed(tmp_path)
    path.unlink()
    with pytest.raises(DocumentError, match="vanished"):
        await item.fetch()


async def test_unreadable_file(tmp_path: Path) -> None:
    """A file that may not be opened is skipped with the system's reason."""
    write(tmp_path / "a.md").chmod(0)
    skip_when_open(tmp_path / "a.md")
    [item] = await listed(tmp_path)
    with pytest.raises(DocumentError, match="cannot be opened: Permission denied"):
        await item.fetch()


async def test_name_that_is_not_utf8(tmp_path: Path) -> None:
    """A name of arbitrary bytes gives a key that can be stored, and the file is read all the same."""
    write(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md")))
    [item] = await listed(tmp_path)
    assert item.key.encode("utf-8") == b"caf\\xe9.md"
    assert item.url.endswith("/caf%E9.md")
    fetched = await item.fetch()
    assert fetched is not None
    assert fetched.path.read_text() == "text"


async def test_discard_leaves_the_file(tmp_path: Path) -> None:
    """What is discarded after loading is never the user's own file."""
    path = write(tmp_path / "a.md")
    [item] = await listed(tmp_path)
    fetched = await item.fetch()
    assert fetched is not None
    fetched.discard()
    assert path.exists()
