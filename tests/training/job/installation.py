"""A small installation that people have used: its documents say one thing, and those who ask call it another.

A hundred short documents are about ten things in ten places; people have words of their own for all twenty, so that neither
search finds anything until they have been learned. Each document was asked for once, and a reviewer showed what answers.
"""

from __future__ import annotations

import asyncio
import shutil
import string
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.replaying import SOURCE, ingest_set, replay, write_set
from rag_core.bootstrap import open_core, open_records
from rag_core.index.embedding import CARD, ModelCard
from rag_core.records.evaluation.golden import GoldenQuestions
from rag_core.records.index.releases import Releases
from rag_core.settings import Settings
from tests.conftest import CACHE
from tests.conftest import _kept as kept
from training.evaluate import BeirDocument

__all__ = [
    "BASE",
    "EMBEDDER",
    "GOLDEN",
    "PLACES",
    "SAID_PLACES",
    "SAID_THINGS",
    "THINGS",
    "copied",
    "installation",
    "settings_of",
]

EMBEDDER = "tiny"
"""Below home/models."""
BASE = "base"
"""The encoder in float32, beside the home directory."""
THINGS = "invoice lantern battery ticket parcel server letter bicycle camera blanket".split()
PLACES = "garden kitchen tower harbour library station museum castle forest market".split()
SAID_THINGS = "walrus pepper thunder velvet pirate copper melon falcon ginger rocket".split()
SAID_PLACES = "jungle circus desert planet ribbon marble orchid sunset saddle anchor".split()
BETWEEN = "where do i get the for whoever needs takes it at desk a an in of , . ? 1 2 3 4 5 6 7 8 9 0".split()
"""Words of all documents and questions: they say nothing."""
SPECIAL = "[PAD] [UNK] [CLS] [SEP] [MASK]".split()
GOLDEN = "Where is the invoice for the garden?"


def settings_of(home: Path, method: str = "query-side", **training: Any) -> Settings:
    """Of a run that takes seconds, equal for all copies. method: how the retriever is trained."""
    base = str((home.parent / BASE).resolve())
    recipe = {
        "method": method,
        "frozen_layers": 0,
        "learning_rate": 3e-3,
        "epochs": 4,
        "batch_size": 16,
        "share": 1.0,
    }
    asked = {
        "min_rows": 10,
        "base": base,
        "device": "cpu",
        "data": {"headings": False, "test": 0.25},
        "retriever": recipe,
        "router": {"method": "off"},
        "gate": {"min_questions": 5, "latency": 20.0, "general_loss": 0.5},
    }
    embedding = {"model": base, "threads": 1}
    return Settings(home=home, embedding=embedding, training={**asked, **training})


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    """Its home directory, to be copied."""
    folder = tmp_path_factory.mktemp("installation")
    making = threading.Thread(target=asyncio.run, args=(_made(folder, migrated),))
    making.start()  # where this is called from, a loop may run already
    making.join()
    return folder / "home"


async def _made(folder: Path, migrated: Path) -> None:
    home = folder / "home"
    (home / "models").mkdir(parents=True)
    exported = _exported()
    shutil.copytree(exported / BASE, folder / BASE)
    shutil.copytree(exported / EMBEDDER, home / "models" / EMBEDDER)
    shutil.copyfile(migrated, home / "answerloop.db")
    await _filled(settings_of(home), folder / SOURCE)


def _exported() -> Path:
    """The encoder, and the same as it is served; kept between runs as long as what makes it is unchanged."""
    folder = CACHE / "tiny-words"

    def made() -> None:
        from training.export import export

        shutil.rmtree(folder, ignore_errors=True)
        export(str(_base(folder / BASE)), folder / EMBEDDER)

    sources = ("tests/training/job/installation.py", "training/export.py", "training/conversion.py")
    kept(folder / EMBEDDER / CARD, sources, made)
    return folder


def copied(home: Path, folder: Path) -> Path:
    """Of a home that nobody has open: it may be changed. The encoder stays where it is; a link leads to it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / BASE).symlink_to(home.parent / BASE)
    return Path(shutil.copytree(home, folder / "home"))


def _base(folder: Path) -> Path:
    """Of few words and all letters, so that all its weights are trained in a second."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    letters = list(string.ascii_lowercase + string.digits + string.punctuation)
    named = [*THINGS, *PLACES, *SAID_THINGS, *SAID_PLACES]
    words = dict.fromkeys([*SPECIAL, *BETWEEN, *letters, *(f"##{letter}" for letter in letters), *named])
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=256)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        vocab_size=len(words),
    )
    model = BertModel(config)
    silent = tokenizer.convert_tokens_to_ids([*BETWEEN, "[CLS]", "[SEP]"])
    with torch.no_grad():
        model.embeddings.word_embeddings.weight[silent] = 0
        model.embeddings.position_embeddings.weight.zero_()
        model.embeddings.token_type_embeddings.weight.zero_()
    model.save_pretrained(folder)
    return folder


async def _filled(settings: Settings, sources: Path) -> None:
    async with open_records(settings) as database:
        releases, card = Releases(database), ModelCard.read(settings.home / "models" / EMBEDDER)
        await releases.activate((await releases.add(EMBEDDER, card)).id)
    documents = list(_documents())
    write_set(documents, sources)
    async with open_core(settings) as core:
        await ingest_set(core, sources)
        questions = dict(_questions())
        await replay(core, questions, {id: {id: 1} for id in questions}, noise=0.0)
        rows = [row async for page in core.store.scan() for row in page.rows]
        told = next(row.passage for row in rows if row.passage.document == f"{SOURCE}/0-0.md")
        expected = {"document": told.document, "source": told.source, "title": told.title, "text": told.text}
        await GoldenQuestions(core.database).add(GOLDEN, None, [expected], author="local:reviewer")


def _documents() -> Iterator[BeirDocument]:
    for i, thing in enumerate(THINGS):
        for j, place in enumerate(PLACES):
            text = f"Whoever needs the {thing} for the {place} takes it at desk {i}{j}."
            yield BeirDocument(f"{i}-{j}", f"The {thing} of the {place}", text)


def _questions() -> Iterator[tuple[str, str]]:
    for i, thing in enumerate(SAID_THINGS):
        for j, place in enumerate(SAID_PLACES):
            yield f"{i}-{j}", f"Where do I get the {thing} for the {place}?"
