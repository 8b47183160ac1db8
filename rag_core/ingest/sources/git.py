"""Files of a git repository, read from its newest commit without ever checking one out."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import re
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from rag_core.errors import DocumentError, SettingsError, SourceError
from rag_core.ingest.sources.addresses import (
    PrivateAddress,
    Resolver,
    is_public,
    public_addresses,
    system_resolver,
)
from rag_core.ingest.sources.selection import Selection, published_at
from rag_core.ingest.sources.source import Fetched, Item, refuse_larger, scratch
from rag_core.ingest.sources.threads import from_thread
from rag_core.settings import GitSource, Ingest

__all__ = ["Git", "blob_page"]

_TIME_LIMIT_S = 600
_PINS_SINCE = (2, 37)
_TIP = "refs/answerloop/tip"
_HTTP = re.compile(
    r"(https?)://(?:([^/@\s\\]*)@)?"  # scheme, user and password
    r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?(/[^\s\\]*)?"  # host, port, path
)
_SSH = re.compile(r"ssh://[^\s]+|[A-Za-z0-9._][\w.-]*@[A-Za-z0-9][\w.-]*:[^\s]+")
_HOSTED = re.compile(r"(?:(?:https?|ssh)://)?(?:[^@/]+@)?([^/:]+)(?::\d+(?=/))?[/:](.+?)(?:\.git)?/?")
_BRANCH = re.compile(r"(?!-)[^\s:^~?*\[\\+\x00-\x1f]+")
_LFS = b"version https://git-lfs.github.com/spec/"
_FILE_MODES = ("100644", "100755")
"""Links and submodules lead elsewhere, maybe out of the repository; they are no documents."""

_OPTIONS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "fetch.recurseSubmodules=false",
    "gc.autoDetach=false",
    "gc.pruneExpire=now",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
)
_INHERITED = frozenset(
    f"GIT_{name}"
    for name in (
        *("DIR", "COMMON_DIR", "WORK_TREE", "INDEX_FILE", "OBJECT_DIRECTORY", "ALTERNATE_OBJECT_DIRECTORIES"),
        *("NAMESPACE", "PREFIX", "SHALLOW_FILE", "CONFIG", "CONFIG_PARAMETERS", "CONFIG_COUNT", "TRACE"),
    )
)
"""What a git that started us, a hook for one, would pass on."""


class Git:
    """Keeps a bare repository of depth 1 below work. A document is unchanged when its blob is the same."""

    def __init__(
        self,
        settings: GitSource,
        work: Path,
        limits: Ingest,
        *,
        resolve: Resolver = system_resolver,
        is_allowed: Callable[[str], bool] = is_public,
    ) -> None:
        self.name = settings.name
        self.scope = settings.scope
        self._settings = settings
        self._limits = limits
        self._resolve = resolve
        self._is_allowed = is_allowed
        self._work = work
        self._remote = _Remote.parse(settings)
        self._branch = _branch(settings)
        self._subfolder = settings.subfolder.strip("/")
        self._repository = work.absolute() / "repository.git"
        self._blobs = work.absolute() / "blobs"

    async def items(self, known: Mapping[str, str]) -> AsyncIterator[Item]:
        """The files of the newest commit, once it is fetched, in the order of their paths.

        Raises:
            SourceError: the repository cannot be reached, or has no such branch or subfolder.
        """
        await asyncio.to_thread(shutil.rmtree, self._blobs, ignore_errors=True)
        await self._update()
        listing = self._work / "listing"
        tree = f"{_TIP}:{self._subfolder}" if self._subfolder else _TIP
        await self._git("ls-tree", "-r", "-l", "-z", "--full-tree", tree, output=listing)
        selection = Selection(self._settings.include, self._settings.ignore)
        async for blob in from_thread(blob for blob in _blobs(listing) if selection.wants(blob.path)):
            yield Item(blob.path, self._url(blob.path), blob.id, partial(self._fetch, blob))

    async def close(self) -> None:
        """Remove what was taken out of the repository; the repository stays for the next time."""
        await asyncio.to_thread(shutil.rmtree, self._blobs, ignore_errors=True)

    async def _update(self) -> None:
        await asyncio.to_thread(self._work.mkdir, parents=True, exist_ok=True)
        options = await self._checked_options()
        await asyncio.to_thread(_remove_locks, self._repository)
        await self._git("init", "--quiet", "--bare", "--template=", str(self._repository))
        how = "--quiet --depth=1 --no-tags --no-recurse-submodules --no-write-fetch-head --update-shallow"
        what = (self._remote.address, f"+{self._branch}:{_TIP}")
        await self._git("fetch", *how.split(), "--", *what, options=options)

    async def _checked_options(self) -> Sequence[str]:
        """Options that hold git to the addresses that were checked, where the setting asks for a check."""
        remote = self._remote
        if self._settings.allow_private or not remote.host:
            return ()
        await self._require_pinning()
        try:
            addresses = await public_addresses(remote.host, remote.port, self._resolve, self._is_allowed)
        except PrivateAddress as error:
            raise SourceError(f"{remote.shown} {error}.") from None
        except (OSError, UnicodeError) as error:
            raise SourceError(f"{remote.shown} cannot be reached: {error}.") from None
        listed = ",".join(f"[{address}]" if ":" in address else address for address in addresses)
        host = f"[{remote.host}]" if ":" in remote.host else remote.host
        pinned = f"http.curloptResolve={host}:{remote.port}:{listed}"
        # A redirect would lead elsewhere, and a proxy resolve the name itself.
        return pinned, "http.followRedirects=false", "http.proxy="

    async def _fetch(self, blob: _Blob) -> Fetched:
        refuse_larger(blob.size, self._limits.max_file_mb)
        path = PurePosixPath(blob.path)
        copy = await asyncio.to_thread(scratch, self._blobs, path.stem, path.suffix.lower())
        fetched = Fetched(copy, copy.suffix, fingerprint=blob.id, temporary=True)
        try:
            await self._git("cat-file", "blob", blob.id, output=fetched.path)
            await asyncio.to_thread(_refuse_pointer, fetched.path)
        except BaseException:
            fetched.discard()
            raise
        return fetched

    async def _require_pinning(self) -> None:
        """An older git would silently ignore the option that holds it to an address."""
        version = self._work / "version"
        await self._git("version", output=version)
        text = await asyncio.to_thread(version.read_text)
        numbers = tuple(int(number) for number in re.findall(r"\d+", text)[:2])
        if numbers < _PINS_SINCE:
            raise SourceError(
                f"{text.strip()} cannot be held to a checked address: install git 2.37 or newer, or set "
                f"allow_private for the source {self.name}."
            )

    def _url(self, path: str) -> str:
        if self._settings.url:
            return published_at(self._settings.url, path)
        below = f"{self._subfolder}/{path}" if self._subfolder else path
        return blob_page(self._remote.shown, self._settings.branch or "HEAD", below)

    async def _git(self, *arguments: str, options: Sequence[str] = (), output: Path | None = None) -> None:
        """Run git; its standard output goes to a file. No terminal, no questions, no other protocols.

        Raises:
            SourceError: it failed, with the last line it said, or took longer than ten minutes.
        """
        settled = [part for option in (*_OPTIONS, *options) for part in ("-c", option)]
        repository = [] if arguments[0] in ("init", "version") else [f"--git-dir={self._repository}"]
        status, said = await _run(["git", *settled, *repository, *arguments], self._environment(), output)
        if status != 0:
            raise SourceError(f"git {arguments[0]} of {self._remote.shown} failed: {_last_line(said)}")

    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if name not in _INHERITED}
        if self._remote.host and not self._settings.allow_private:
            own = {name: value for name, value in own.items() if not name.lower().endswith("_proxy")}
        own.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=10")
        own |= {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:http:ssh:file", "LC_ALL": "C.UTF-8"}
        return own | self._remote.credentials()


@dataclass(frozen=True, slots=True)
class _Remote:
    """Where the repository is. The address that git gets, and so may print, is without a password."""

    address: str
    host: str = ""
    """Set for http and https only: what is checked before git is started."""
    port: int = 0
    login: str = ""

    @classmethod
    def parse(cls, settings: GitSource) -> _Remote:
        address = settings.repository.strip()
        key = f"sources.{settings.name}.repository"
        if not address or address.startswith("-"):
            raise SettingsError(f"{key}: expected an address or a path, not {address!r}.")
        if http := _HTTP.fullmatch(address):
            scheme, login, host, port, path = http.groups()
            bare = f"{scheme}://{host}{':' + port if port else ''}{path or ''}"
            number = int(port or (443 if scheme == "https" else 80))
            return cls(bare, host.strip("[]").lower(), number, login or "")
        if _SSH.fullmatch(address):
            return cls(address)
        if address.startswith("file://"):
            return cls(Path(unquote(urlsplit(address).path)).absolute().as_uri())
        if "://" in address or re.match(r"[\w+.-]+::", address):
            kind = re.split(r"://|::", address)[0]
            raise SettingsError(
                f"{key}: expected an https, ssh or file address or a path, not one of {kind!r}."
            )
        return cls(str(Path(address).expanduser().absolute()))

    @property
    def shown(self) -> str:
        return re.sub(r"(ssh://[^/@:]*):[^/@]*@", r"\1@", self.address)

    def credentials(self) -> dict[str, str]:
        """The password for git, where no list of processes shows it."""
        if not self.login:
            return {}
        user, _, password = self.login.partition(":")
        token = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self.address}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {token}",
        }


@dataclass(frozen=True, slots=True)
class _Blob:
    id: str
    size: int
    path: str


def blob_page(address: str, branch: str, path: str) -> str:
    """Where a file can be read: its page at GitHub or GitLab, its place on disk, or else the repository."""
    if address.startswith("/"):
        return (Path(address) / path).as_uri()
    if address.startswith("file://"):
        return f"{address.rstrip('/')}/{quote(path)}"
    match = _HOSTED.fullmatch(address)
    if match is None:
        return address
    host, repository = match.groups()
    if host == "github.com" or host.startswith("github."):
        return f"https://{host}/{quote(repository)}/blob/{quote(branch)}/{quote(path)}"
    if host == "gitlab.com" or host.startswith("gitlab."):
        return f"https://{host}/{quote(repository)}/-/blob/{quote(branch)}/{quote(path)}"
    return address if "://" in address else f"https://{host}/{quote(repository)}"


def _branch(settings: GitSource) -> str:
    branch = settings.branch or "HEAD"
    if not _BRANCH.fullmatch(branch):
        raise SettingsError(f"sources.{settings.name}.branch: expected a branch or tag, not {branch!r}.")
    return branch


async def _run(
    command: Sequence[str], environment: Mapping[str, str], output: Path | None
) -> tuple[int, str]:
    """The exit status and the end of what the command said. Ended with all it started when time is up."""
    with tempfile.TemporaryFile() as said, contextlib.ExitStack() as files:
        into = files.enter_context(output.open("wb")) if output else asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=into,
                stderr=said,
                env=environment,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise SourceError("git is not installed; a source of kind git needs it.") from None
        try:
            async with asyncio.timeout(_TIME_LIMIT_S):
                status = await process.wait()
        except TimeoutError:
            return -1, f"it took longer than {_TIME_LIMIT_S // 60} minutes"
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        said.seek(max(0, said.seek(0, os.SEEK_END) - 4096))
        return status, said.read().decode("utf-8", "replace")


def _last_line(said: str) -> str:
    """The most telling line: git's own 'fatal: …', or the last."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    fatal = [line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")]
    line = (fatal or lines or ["it did not say why"])[-1 if not fatal else 0]
    return re.sub(r"//[^/@\s]*@", "//", line)[:300].rstrip(".") + "."


def _remove_locks(repository: Path) -> None:
    """A fetch that was killed leaves locks behind, and every later one would refuse to start.

    The work folder is this source's alone, so no other git holds them.
    """
    for lock in (*repository.glob("*.lock"), *(repository / "refs").rglob("*.lock")):
        lock.unlink(missing_ok=True)


def _blobs(listing: Path) -> Iterator[_Blob]:
    """The regular files in what `git ls-tree -r -l -z` wrote."""
    for record in _records(listing):
        about, _, path = record.partition(b"\t")
        mode, kind, name, size = about.decode().split()
        if kind == "blob" and mode in _FILE_MODES:
            yield _Blob(name, int(size), path.decode("utf-8", "backslashreplace"))


def _records(path: Path) -> Iterator[bytes]:
    """What stands between zero bytes, without reading the whole file at once."""
    rest = b""
    with path.open("rb") as file:
        while data := file.read(65536):
            *records, rest = (rest + data).split(b"\0")
            yield from records


def _refuse_pointer(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(_LFS)) == _LFS:
            raise DocumentError("is kept in Git LFS; the repository holds only a pointer to it")
