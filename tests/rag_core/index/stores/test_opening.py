"""Which store the settings name, and what they may say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rag_core.configuration import load_settings
from rag_core.errors import SettingsError

ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["api_key", "client_secret", "bearer_token"])
def test_secrets_come_from_the_environment_only(
    directory: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """In the file they are refused, and never repeated; from the environment they stay hidden when printed."""
    monkeypatch.setenv(f"ANSWERLOOP_STORE__{name.upper()}", "hush-hush")
    settings = load_settings()
    assert getattr(settings.store, name).get_secret_value() == "hush-hush"
    assert "hush-hush" not in repr(settings)
    monkeypatch.delenv(f"ANSWERLOOP_STORE__{name.upper()}")
    (directory / "answerloop.toml").write_text(f'[store]\n{name} = "hush-hush"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=f"^store.{name} in answerloop.toml is a secret") as error:
        load_settings()
    assert f"ANSWERLOOP_STORE__{name.upper()}" in str(error.value)
    assert "hush-hush" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('url = "localhost:8080"', r"^store\.url "),
        ('url = "http://user:hush-hush@host"', r"^store\.url "),
        ('url = "http://host"\nembedded = true', r"leave one of them out"),
        ('tenant = "a b"', r"^store\.tenant "),
        ("replication_factor = 0", r"^store\.replication_factor "),
        ('consistency = "most"', r"^store\.consistency "),
        ("timeout_s = 0", r"^store\.timeout_s "),
    ],
)
def test_mistakes_in_the_settings_are_told(directory: Path, text: str, message: str) -> None:
    """Each names its key; a password in the address is not repeated."""
    (directory / "answerloop.toml").write_text(f"[store]\n{text}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=message) as error:
        load_settings()
    assert "hush-hush" not in str(error.value)


def test_only_one_way_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """An API key and a token exclude each other."""
    monkeypatch.setenv("ANSWERLOOP_STORE__API_KEY", "hush-hush")
    monkeypatch.setenv("ANSWERLOOP_STORE__BEARER_TOKEN", "hush-hush")
    with pytest.raises(SettingsError, match="exclude each other") as error:
        load_settings()
    assert "hush-hush" not in str(error.value)


def test_the_embedded_store_does_without_the_client(tmp_path: Path) -> None:
    """Neither weaviate nor grpc is imported; and where the client is not installed, the message says how to get it."""
    script = (
        "import asyncio, pathlib, sys\n"
        "sys.modules['weaviate'] = None\n"
        "from rag_core.errors import NotReady\n"
        "from rag_core.index.stores.opening import open_lance, open_weaviate\n"
        "from rag_core.settings import Settings, Store\n"
        "async def run():\n"
        f"    async with open_lance(pathlib.Path({str(tmp_path)!r}), 't', 8) as store:\n"
        "        print((await store.state()).passages, 'grpc' in sys.modules)\n"
        "    try:\n"
        "        async with open_weaviate(Settings(store=Store(url='http://127.0.0.1:9')), 't', 8):\n"
        "            pass\n"
        "    except NotReady as error:\n"
        "        print(error)\n"
        "asyncio.run(run())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    first, second = done.stdout.splitlines()
    assert first == "0 False"
    assert "pip install 'answerloop[weaviate]'" in second
