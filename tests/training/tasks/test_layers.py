"""Freezing, LoRA, and frozen layers that pass each text once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rag_core.errors import NotReady
from rag_core.settings.training import RetrieverRecipe
from tests.rerankers import tiny_base
from training.tasks.layers import Tokenised, embed_texts, freeze, halves, merged, tokens_of, with_lora
from training.tasks.retriever import load_base

TEXTS = ["short", "a text of some more words than that", "The refund is paid within nine days.", "short"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("layers") / "base")


@pytest.fixture
def model(base: Path) -> Any:
    return load_base(str(base), "cpu", RetrieverRecipe())


def learning(encoder: Any) -> set[str]:
    return {name for name, parameter in encoder.named_parameters() if parameter.requires_grad}


def test_frozen_are_the_embeddings_and_the_lower_layers(model: Any) -> None:
    """What is above them learns, the pooler among it."""
    encoder = model[0].auto_model
    freeze(encoder, 1)
    names = learning(encoder)
    assert not any("embeddings" in name or "layer.0." in name for name in names)
    assert any("layer.1." in name for name in names)


def test_without_frozen_layers_all_learns(model: Any) -> None:
    """The embeddings as well."""
    freeze(model[0].auto_model, 0)
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_to_freeze_all_layers_is_refused(model: Any) -> None:
    """The message says how many there are."""
    with pytest.raises(NotReady, match=r"^The model has 2 layers, and frozen_layers is 2: set at most 1\.$"):
        freeze(model[0].auto_model, 2)


def test_two_halves_do_what_the_whole_does(model: Any) -> None:
    """Also of a text with padding; they share the weights, so that what learns in one is learned."""
    encoder = model[0].auto_model
    made = halves(encoder, 1)
    assert made is not None
    assert {id(p) for p in made[1].encoder.parameters()} == {
        id(p) for p in encoder.encoder.layer[1].parameters()
    }
    assert len(encoder.encoder.layer) == 2


def test_an_encoder_that_cannot_be_halved_is_used_whole(model: Any) -> None:
    """Where something comes between the layers, the halves do not make what the whole makes, and there are none."""
    encoder = model[0].auto_model
    encoder.encoder.register_forward_pre_hook(lambda _, given: (given[0] + 1, *given[1:]))
    assert halves(encoder, 1) is None


@pytest.mark.parametrize("frozen", [0, 1])
def test_vectors_are_those_of_sentence_transformers(model: Any, frozen: int) -> None:
    """With and without what was kept of the frozen layers; in the order that was asked for, and as often."""
    freeze(model[0].auto_model, frozen)
    texts = Tokenised(model, TEXTS, 64, frozen, bf16=False)
    expected = model.encode(TEXTS, normalize_embeddings=True)[[2, 0, 1, 2]]
    texts.embedded([1])
    for _ in range(2):
        np.testing.assert_allclose(texts.embedded([2, 0, 1, 2]), expected, atol=1e-5)


def test_gradients_reach_what_learns_through_the_kept_half(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same as through the whole encoder."""
    freeze(model[0].auto_model, 1)
    model.eval()
    weight = model[0].auto_model.encoder.layer[1].output.dense.weight
    gradients = []
    for frozen in (0, 1, 1):
        texts = Tokenised(model, TEXTS, 64, frozen, bf16=False)
        if len(gradients) == 2:
            monkeypatch.setattr("training.tasks.layers.CACHED_BYTES", 0)  # too many to be kept
        model.zero_grad()
        texts.vectors([0, 1, 2])[:, 0].sum().backward()
        gradients.append(weight.grad.clone())
    assert float(gradients[0].abs().max()) > 0
    torch.testing.assert_close(gradients[0], gradients[1])
    torch.testing.assert_close(gradients[0], gradients[2])


def test_frozen_layers_pass_each_text_once(model: Any) -> None:
    """And never drop anything out, so that what is kept is what is served."""
    encoder = model[0].auto_model
    freeze(encoder, 1)
    texts, passed = Tokenised(model, TEXTS, 64, 1, bf16=False), []
    encoder.embeddings.word_embeddings.register_forward_hook(lambda _, ids, made: passed.append(len(ids[0])))
    model.train()
    for _ in range(2):
        texts.vectors([0, 1])
        texts.vectors([1, 2])
    assert sum(passed) == 3
    assert not encoder.encoder.layer[0].training
    assert encoder.encoder.layer[1].training


def test_texts_of_like_length_pass_together(model: Any) -> None:
    """Each once, the longest first."""
    texts = Tokenised(model, ["word " * n for n in (1, 50, 2, 60)], 64, 0, bf16=False)
    assert [list(rows) for rows in texts.passes(range(4))] == [[3, 1, 2, 0]]


def test_tokens_are_cut_at_the_length(model: Any) -> None:
    """With those at beginning and end; the tokenizer is left as it was."""
    cut, short = tokens_of(model, ["word " * 100, "word"], 16)
    assert (len(cut), len(short)) == (16, 3)
    assert len(model.tokenizer("word " * 100)["input_ids"]) == 102


def test_adapters_learn_alone_and_are_merged(model: Any) -> None:
    """Those of the layers above the frozen ones; afterwards it is an encoder like any other, with other weights."""
    encoder = model[0].auto_model
    freeze(encoder, 1)
    before = encoder.encoder.layer[1].output.dense.weight.detach().clone()
    adapted = with_lora(encoder, 2, 1, seed=0)
    assert learning(adapted)
    assert all("lora_" in name and ".layer.1." in name for name in learning(adapted))
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.fill_(0.1)
    changed = model.encode(TEXTS)
    whole = merged(adapted)
    assert whole is encoder
    assert not any("lora" in name for name, _ in whole.named_parameters())
    assert not torch.equal(whole.encoder.layer[1].output.dense.weight, before)
    np.testing.assert_allclose(model.encode(TEXTS), changed, atol=1e-4)


@pytest.mark.parametrize("bf16", [False, True])
def test_a_corpus_is_embedded_in_its_own_order(
    model: Any, bf16: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over several portions; in bfloat16 nearly the same, and the model stays as it is."""
    monkeypatch.setattr("training.tasks.layers.PORTION", 3)
    texts = [f"word {'and ' * n}{n}" for n in (9, 1, 5, 3, 7, 2, 8)]
    expected = model.encode(texts, normalize_embeddings=True)
    found = embed_texts(model, texts, bf16=bf16)
    assert found.dtype == np.float32
    assert float((found * expected).sum(1).min()) > (0.999 if bf16 else 0.99999)
    assert next(model.parameters()).dtype == torch.float32
    assert embed_texts(model, []).shape == (0, 64)
