from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rag_core.errors import DocumentError, SettingsError, SourceError
from rag_core.ingest.sources import Item
from rag_core.ingest.sources.git import Git, blob_page
from rag_core.settings import GitSource, Ingest
from tests.servers.website import Website

WHO = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
WHO |= {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Repository:
    """A real repository, committed to as the test needs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.path), *arguments]
        done = subprocess.run(command, env=os.environ | WHO, check=True, capture_output=True, text=True)
        return done.stdout

    def commit(self, **texts: str | None) -> None:
        """Write these files ('docs__a_md' is docs/a.md), or remove those that are None, and commit."""
        for name, text in texts.items():
            self.write(name.replace("__", "/").replace("_", "."), text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=change")

    def write(self, name: str, text: str | None) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
        else:
            path.write_text(text)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "origin")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Website]:
    with Website() as website:
        website.repositories = tmp_path
        yield website


def source(work: Path, repository: str | Path, **settings: object) -> Git:
    made = GitSource.model_validate({"name": "code", "repository": str(repository)} | settings)
    return Git(made, work / "work", Ingest(max_file_mb=1))


async def listed(work: Path, repository: str | Path, **settings: object) -> list[Item]:
    return [item async for item in source(work, repository, **settings).items({})]


async def keys(work: Path, repository: str | Path, **settings: object) -> list[str]:
    return [item.key for item in await listed(work, repository, **settings)]


async def text(item: Item) -> str:
    fetched = await item.fetch()
    assert fetched is not None
    try:
        return fetched.path.read_text()
    finally:
        fetched.discard()


def leftovers(work: Path, folder: str = "work/blobs") -> list[str]:
    return [path.name for path in (work / folder).glob("*")]


# What is an item


async def test_files_of_the_newest_commit(tmp_path: Path, repository: Repository) -> None:
    """Every file that a loader reads is an item, with its text as it was committed."""
    repository.commit(docs__a_md="# A", b_txt="B", picture_png="no")
    repository.write("b.txt", "changed, not committed")
    items = await listed(tmp_path, repository.path)
    assert [item.key for item in items] == ["b.txt", "docs/a.md"]
    assert [await text(item) for item in items] == ["B", "# A"]
    assert leftovers(tmp_path) == []


async def test_changes(tmp_path: Path, repository: Repository) -> None:
    """The next listing has the new commit: unchanged files keep their fingerprint, changed ones do not."""
    repository.commit(a_md="one", b_md="two", c_md="three")
    before = {item.key: item.fingerprint for item in await listed(tmp_path, repository.path)}
    repository.commit(b_md="changed", c_md=None, d_md="new")
    after = {item.key: item.fingerprint for item in await listed(tmp_path, repository.path)}
    assert list(after) == ["a.md", "b.md", "d.md"]
    assert after["a.md"] == before["a.md"]
    assert after["b.md"] != before["b.md"]


async def test_history_that_was_rewritten(tmp_path: Path, repository: Repository) -> None:
    """A forced push, and another repository under the same name, are taken as they are."""
    repository.commit(a_md="one")
    await listed(tmp_path, repository.path)
    repository.write("a.md", "amended")
    repository.git("commit", "--quiet", "--all", "--amend", "--message=other")
    [item] = await listed(tmp_path, repository.path)
    assert await text(item) == "amended"
    other = Repository(tmp_path / "other")
    other.commit(b_md="other")
    assert await keys(tmp_path, other.path) == ["b.md"]


async def test_fingerprint_of_fetched_equals_the_listed(tmp_path: Path, repository: Repository) -> None:
    """What a fetch reports is what the next listing compares."""
    repository.commit(a_md="one")
    [item] = await listed(tmp_path, repository.path)
    fetched = await item.fetch()
    assert fetched is not None
    assert (fetched.fingerprint, fetched.suffix, fetched.path.name) == (item.fingerprint, ".md", "a.md")


async def test_subfolder_include_ignore(tmp_path: Path, repository: Repository) -> None:
    """Keys are relative to the subfolder; include and ignore are the globs of .gitignore."""
    repository.commit(docs__a_md="", docs__old__b_md="", docs__c_txt="", d_md="")
    given = {"subfolder": "/docs/", "include": ["*.md"], "ignore": ["old/"]}
    assert await keys(tmp_path, repository.path, **given) == ["a.md"]


async def test_branch_or_tag(tmp_path: Path, repository: Repository) -> None:
    """branch names a branch or a tag; without it, the repository's own default is read."""
    repository.commit(a_md="")
    repository.git("tag", "--annotate", "--message=v1", "v1")
    repository.git("checkout", "--quiet", "-b", "next/one")
    repository.commit(b_md="")
    repository.git("checkout", "--quiet", "main")
    assert await keys(tmp_path, repository.path) == ["a.md"]
    assert await keys(tmp_path, repository.path, branch="next/one") == ["a.md", "b.md"]
    assert await keys(tmp_path, repository.path, branch="v1") == ["a.md"]


async def test_names_of_all_kinds(tmp_path: Path, repository: Repository) -> None:
    """Names with spaces, quotes, line breaks and letters of any script arrive as they are."""
    names = ["a b.md", "line\nbreak.md", 'q"uote.md', "été/日本.md"]
    for name in names:
        repository.write(name, name)
    repository.commit()
    items = await listed(tmp_path, repository.path)
    assert sorted(item.key for item in items) == names
    assert all([await text(item) == item.key for item in items])


async def test_links_and_submodules_are_left_out(tmp_path: Path, repository: Repository) -> None:
    """A link may lead to any file of this machine, and a submodule anywhere: neither is an item."""
    (repository.path / "passwd.md").symlink_to("/etc/passwd")
    commit = "0" * 39 + "1"
    repository.commit(a_md="")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub.md")
    repository.git("commit", "--quiet", "--message=submodule")
    assert await keys(tmp_path, repository.path) == ["a.md"]


async def test_large_file_and_lfs_pointer(tmp_path: Path, repository: Repository) -> None:
    """A file over the limit is refused by its size; a pointer of Git LFS as what it is."""
    repository.commit(
        a_md="x" * (2**20 + 1), b_md="version https://git-lfs.github.com/spec/v1\noid sha256:1\n"
    )
    large, pointer = await listed(tmp_path, repository.path)
    with pytest.raises(DocumentError, match=r"ingest\.max_file_mb"):
        await large.fetch()
    with pytest.raises(DocumentError, match="Git LFS"):
        await pointer.fetch()
    assert leftovers(tmp_path) == []


async def test_after_a_fetch_that_was_killed(tmp_path: Path, repository: Repository) -> None:
    """The locks that a killed git leaves behind do not keep the next one from its work."""
    repository.commit(a_md="one")
    await listed(tmp_path, repository.path)
    bare = tmp_path / "work/repository.git"
    for name in ("shallow.lock", "refs/answerloop/tip.lock", "config.lock"):
        (bare / name).touch()
    repository.commit(a_md="two")
    [item] = await listed(tmp_path, repository.path)
    assert await text(item) == "two"


async def test_close_keeps_the_repository(tmp_path: Path, repository: Repository) -> None:
    """What was taken out of the repository goes at the end; the repository stays for the next time."""
    repository.commit(a_md="one")
    git = source(tmp_path, repository.path)
    [item] = [item async for item in git.items({})]
    assert await item.fetch() is not None
    await git.close()
    assert leftovers(tmp_path) == []
    assert leftovers(tmp_path, "work/repository.git") != []


async def test_hooks_and_environment_of_a_surrounding_git(
    tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started from a git hook, it still reads the repository that the settings name."""
    repository.commit(a_md="one")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert await keys(tmp_path, repository.path) == ["a.md"]


# What can go wrong


@pytest.mark.parametrize(
    "address",
    [
        "--upload-pack=touch pwned",
        "-x",
        "ext::sh -c touch% pwned",
        "git://example.org/a",
        "fd::17",
        "http://a b/",
        "",
    ],
)
def test_addresses_that_are_refused(tmp_path: Path, address: str) -> None:
    """An option in place of an address, or a protocol that runs commands, is a SettingsError."""
    with pytest.raises(SettingsError, match=r"sources\.code\.repository"):
        source(tmp_path, address)


@pytest.mark.parametrize("branch", ["--all", "a:b", "a b", "+main", "a\nb"])
def test_branches_that_are_refused(tmp_path: Path, branch: str) -> None:
    """A branch name that git would read as something else is a SettingsError."""
    with pytest.raises(SettingsError, match=r"sources\.code\.branch"):
        source(tmp_path, "https://example.org/a", branch=branch)


@pytest.mark.parametrize(
    ("settings", "reason"), [({"branch": "none"}, "remote ref none"), ({"subfolder": "none"}, "ls-tree")]
)
async def test_no_such_branch_or_subfolder(
    tmp_path: Path, repository: Repository, settings: dict[str, str], reason: str
) -> None:
    """A branch or subfolder that is not there is a SourceError, so that nothing is removed."""
    repository.commit(a_md="one")
    with pytest.raises(SourceError, match=reason):
        await keys(tmp_path, repository.path, **settings)


async def test_no_such_repository(tmp_path: Path) -> None:
    """A repository that is not there is a SourceError with git's own reason."""
    with pytest.raises(SourceError, match="does not appear to be a git repository"):
        await keys(tmp_path, tmp_path / "nowhere")


# Over http


async def test_over_http(tmp_path: Path, site: Website, repository: Repository) -> None:
    """A repository is read over http, and over again for changes."""
    repository.commit(a_md="one")
    address = f"{site.url}/git/origin/.git"
    [item] = await listed(tmp_path, address, allow_private=True)
    assert await text(item) == "one"
    repository.commit(a_md="two")
    [item] = await listed(tmp_path, address, allow_private=True)
    assert await text(item) == "two"


async def test_password_is_sent_and_never_shown(
    tmp_path: Path, site: Website, repository: Repository
) -> None:
    """User name and password of an address reach the server, but neither a message nor a link."""
    repository.commit(a_md="one")
    login = f"http://me:s%40cret@127.0.0.1:{site.port}/git"
    [item] = await listed(tmp_path, f"{login}/origin/.git", allow_private=True)
    assert site.asked[0].headers["authorization"] == "Basic bWU6c0BjcmV0"
    assert "cret" not in item.url
    with pytest.raises(SourceError) as caught:
        await listed(tmp_path, f"{login}/none", allow_private=True)
    assert "cret" not in str(caught.value)
    assert f"127.0.0.1:{site.port}/git/none" in str(caught.value)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:10.0.0.1]"]
)
async def test_private_host_is_refused(tmp_path: Path, site: Website, host: str) -> None:
    """A private host is refused like a page's, before git is told of it."""
    with pytest.raises(SourceError, match="allow_private"):
        await listed(tmp_path, f"http://{host}:{site.port}/git/origin")
    assert site.asked == []


async def test_name_that_resolves_to_a_private_address(tmp_path: Path) -> None:
    """A name whose address is private is refused."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["10.0.0.7"]

    settings = GitSource(name="code", repository="https://git.example/a")
    with pytest.raises(SourceError, match=r"leads to 10\.0\.0\.7 \(git\.example\)"):
        [_ async for _ in Git(settings, tmp_path, Ingest(), resolve=resolve).items({})]


async def test_git_connects_to_the_address_that_was_checked(
    tmp_path: Path, site: Website, repository: Repository
) -> None:
    """git is held to the checked address: a name that only our resolver knows is reached there."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    repository.commit(a_md="one")
    settings = GitSource(name="code", repository=f"http://git.example:{site.port}/git/origin/.git")
    git = Git(settings, tmp_path / "work", Ingest(), resolve=resolve, is_allowed=lambda address: True)
    assert [item.key async for item in git.items({})] == ["a.md"]
    assert site.asked[0].headers["host"] == f"git.example:{site.port}"


async def test_redirect_is_not_followed(tmp_path: Path, site: Website) -> None:
    """A redirect could lead to a private host; git does not follow it."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    site.redirect(
        "/a/info/refs?service=git-upload-pack", f"{site.url}/secret/info/refs?service=git-upload-pack"
    )
    settings = GitSource(name="code", repository=f"http://git.example:{site.port}/a")
    git = Git(settings, tmp_path / "work", Ingest(), resolve=resolve, is_allowed=lambda address: True)
    with pytest.raises(SourceError, match="git fetch"):
        [_ async for _ in git.items({})]
    assert [path for path in site.paths() if "secret" in path] == []


# Links


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("https://github.com/o/r.git", "https://github.com/o/r/blob/main/a%20b.md"),
        ("git@github.com:o/r.git", "https://github.com/o/r/blob/main/a%20b.md"),
        ("ssh://git@github.com:22/o/r", "https://github.com/o/r/blob/main/a%20b.md"),
        ("https://gitlab.com/g/s/r/", "https://gitlab.com/g/s/r/-/blob/main/a%20b.md"),
        ("https://gitlab.example.org/g/r.git", "https://gitlab.example.org/g/r/-/blob/main/a%20b.md"),
        ("https://git.example.org/r.git", "https://git.example.org/r.git"),
        ("me@git.example.org:r.git", "https://git.example.org/r"),
        ("/srv/r", "file:///srv/r/a%20b.md"),
        ("file:///srv/r", "file:///srv/r/a%20b.md"),
    ],
)
def test_where_a_citation_leads(address: str, page: str) -> None:
    """A citation opens the file's page at GitHub and GitLab, the file on disk, or else the repository."""
    assert blob_page(address, "main", "a b.md") == page


async def test_setting_url_outranks_the_derived_link(tmp_path: Path, repository: Repository) -> None:
    """With the setting url, a citation leads to it and the path below subfolder."""
    repository.commit(docs__a_md="")
    [item] = await listed(tmp_path, repository.path, url="https://docs.example.org", subfolder="docs")
    assert item.url == "https://docs.example.org/a.md"
    [item] = await listed(tmp_path, repository.path, subfolder="docs")
    assert item.url == (repository.path / "docs/a.md").as_uri()
