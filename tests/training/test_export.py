"""A sentence-transformers model made ready for serving, or refused."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag_core.errors import NotReady
from rag_core.index.embedding import Embedder, ModelCard
from rag_core.retrieval.reranking import PairScorer, RerankerCard
from training import export as module
from training.export import ParityError, export, export_reranker, packaged

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
FILES = ["card.json", "model.onnx", "tokenizer.json"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of one small layer with random weights, so that exporting takes seconds."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    source = Path(packaged(MODEL) or "")
    config = BertConfig(
        hidden_size=64, num_hidden_layers=1, num_attention_heads=2, intermediate_size=128, vocab_size=30522
    )
    encoder = folder / "encoder"
    shutil.copytree(
        source, encoder, ignore=shutil.ignore_patterns("*.safetensors", "modules.json", "1_*", "config*")
    )
    BertModel(config).save_pretrained(encoder)
    transformer = Transformer(str(encoder), max_seq_length=128)
    pooling = Pooling(64, pooling_mode="cls")
    SentenceTransformer(modules=[transformer, pooling], prompts={"query": "query: "}, device="cpu").save(
        str(folder / "whole")
    )
    return folder / "whole"


def test_an_exported_model_does_what_the_original_does(tiny: Path, tmp_path: Path) -> None:
    """Vectors point the same way; window, pooling, prompts and dimension are on its card. It replaces an older export."""
    from sentence_transformers import SentenceTransformer

    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "old.onnx").touch()
    card = export(str(tiny), folder)
    assert [p.name for p in folder.parent.iterdir()] == ["tiny"]
    assert sorted(p.name for p in folder.iterdir()) == FILES
    assert ModelCard.read(folder) == card
    assert (card.dimension, card.window, card.pooling, card.query_prefix) == (64, 128, "cls", "query: ")
    assert 1 >= card.cosine_mean >= card.cosine_min > 0.9
    texts = ["Refunds take 30 days.", "A second text, which is a little longer than the first one."]
    original = SentenceTransformer(str(tiny), device="cpu").encode(texts, normalize_embeddings=True)
    served = Embedder(folder).embed_passages(texts).vectors
    assert np.sum(original * served, axis=1) == pytest.approx([1, 1], abs=0.02)


def test_a_model_that_strays_leaves_everything_as_it_was(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older export stays whole, and there is no scratch beside it."""
    monkeypatch.setattr(module, "MIN_COSINE", 1.1)
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text("{}")
    with pytest.raises(ParityError, match=r"strays from the original: mean cosine .*embedding\.model\.$"):
        export(str(tiny), folder)
    assert [p.name for p in folder.parent.iterdir()] == ["tiny"]
    assert (folder / "card.json").read_text() == "{}"


@pytest.mark.parametrize("name", ["no-such/model", "nosuchmodel", "/no/such/folder", "not a name"])
def test_a_model_that_there_is_not_is_not_ready(tmp_path: Path, name: str) -> None:
    """One sentence that names it; nothing is made."""
    with pytest.raises(NotReady, match=f"^The embedding model {name} could not be loaded: ") as error:
        export(name, tmp_path / "models" / "x")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "models" / "x").exists()


class Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, made: Path) -> None:
        self._made = made

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._made),)


def test_a_model_that_comes_as_a_pickle_alone_is_refused(tiny: Path, tmp_path: Path) -> None:
    """Nothing is unpickled, neither a harmless one nor one that would run code."""
    import torch
    from safetensors.torch import load_file

    folder = tmp_path / "pickled"
    shutil.copytree(tiny, folder)
    weights = next(folder.rglob("*.safetensors"))
    pickled = weights.with_name("pytorch_model.bin")
    torch.save(load_file(weights), pickled)
    weights.unlink()
    for content in (pickled.read_bytes(), pickle.dumps(Evil(tmp_path / "made"))):
        pickled.write_bytes(content)
        with pytest.raises(NotReady, match="could not be loaded"):
            export(str(folder), tmp_path / "models" / "x")
    assert not (tmp_path / "made").exists()
    assert not (tmp_path / "models" / "x").exists()


def test_the_default_model_comes_with_a_package() -> None:
    """A first run needs no model hub; another model is looked for by its name."""
    assert (Path(packaged(MODEL) or "") / "model.safetensors").is_file()
    assert packaged("some/other") is None


# --- cross-encoders ----------------------------------------------------------------------------------------------


def test_an_exported_cross_encoder_does_what_the_original_does(
    cross_encoder: Path, reranker_folder: Path
) -> None:
    """The same pairs come first; window, weight and what was measured are on its card."""
    import torch
    from sentence_transformers import CrossEncoder

    assert sorted(p.name for p in reranker_folder.iterdir()) == FILES
    card = RerankerCard.read(reranker_folder)
    assert (card.window, card.kind) == (48, "reranker")
    assert card.weight == json.loads((cross_encoder / "config.json").read_text())["answerloop"]["weight"]
    assert min(card.correlation, card.spearman) >= module.MIN_CORRELATION
    question = "What of the lantern?"
    texts = ["Some battery is in the lantern.", "Some battery is in a lantern.", "A text of another kind."]
    original = CrossEncoder(str(cross_encoder), device="cpu")
    before = original.predict([(question, text) for text in texts], activation_fn=torch.nn.Identity())
    assert PairScorer(reranker_folder).logits(question, texts) == pytest.approx(before, abs=0.3)
    assert before[0] > before[1] + 0.5


def test_a_cross_encoder_that_strays_leaves_everything_as_it_was(
    cross_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older export stays whole, and there is no scratch beside it."""
    monkeypatch.setattr(module, "MIN_CORRELATION", 1.1)
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text("{}")
    with pytest.raises(ParityError, match=r"strays from the original: .*reranking\.model\.$"):
        export_reranker(str(cross_encoder), folder)
    assert [p.name for p in folder.parent.iterdir()] == ["tiny"]
    assert (folder / "card.json").read_text() == "{}"


def test_a_model_without_a_single_score_is_no_cross_encoder(
    tiny: Path, cross_encoder: Path, tmp_path: Path
) -> None:
    """An embedder, which would get an output layer by chance, and a classifier of two labels; named is the setting."""
    from transformers import AutoModelForSequenceClassification

    two = tmp_path / "two"
    shutil.copytree(cross_encoder, two)
    AutoModelForSequenceClassification.from_pretrained(
        cross_encoder, num_labels=2, ignore_mismatched_sizes=True
    ).save_pretrained(two)
    for model in (tiny, two):
        with pytest.raises(ParityError, match=r"no cross-encoder .*reranking\.model\.$"):
            export_reranker(str(model), tmp_path / "models" / "x")
        assert not (tmp_path / "models" / "x").exists()


def test_a_cross_encoder_that_comes_as_a_pickle_alone_is_refused(cross_encoder: Path, tmp_path: Path) -> None:
    """Nothing is unpickled."""
    folder = tmp_path / "pickled"
    shutil.copytree(cross_encoder, folder)
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Evil(tmp_path / "made")))
    with pytest.raises(NotReady, match=r"^The reranker .* could not be loaded"):
        export_reranker(str(folder), tmp_path / "models" / "x")
    assert not (tmp_path / "made").exists()
