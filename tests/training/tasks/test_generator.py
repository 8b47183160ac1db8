"""A tiny language model is trained for real, and its files opened as serving opens them."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rag_core.generation.models.frames import Load
from rag_core.generation.models.local import LocalModel
from rag_core.generation.models.worker import Continuer
from rag_core.generation.protocol import Message
from rag_core.settings import Generator
from tests.lessons import RECIPE, SERVING, Watched, lesson, lessons
from training.dataset.rows import Example
from training.tasks.generator import is_adapter, train_generator
from training.tasks.generator.base import Base
from training.tasks.generator.lessons import Lessons, lessons_of
from training.tasks.generator.measure import Measure, answer_loss, margin
from training.tasks.generator.prompts import Prompts
from training.tasks.task import Result

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Trained:
    result: Result
    watched: Watched
    base: str

    @property
    def folder(self) -> Path:
        return self.result.folder


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """So small a model's arithmetic waits for threads more than it gains by them."""
    import torch
    import trl.trainer.dpo_trainer  # noqa: F401

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    gc.freeze()  # trainers collect garbage, among all that was ever imported
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    gc.unfreeze()
    torch.set_num_threads(threads)


def trained_on(examples: list[Example], base: Path, out: Path, watched: Watched, **recipe: Any) -> Result:
    return train_generator(
        examples,
        str(base),
        RECIPE.model_copy(update=recipe),
        out,
        device="cpu",
        watcher=watched,
        serving=SERVING,
    )


@pytest.fixture(scope="module")
def adapter(causal_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """SFT, then DPO, of an adapter."""
    watched = Watched()
    out = tmp_path_factory.mktemp("generator") / "adapter"
    return Trained(trained_on(lessons(16, 3), causal_model, out, watched), watched, str(causal_model))


@pytest.fixture(scope="module")
def voted(causal_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """KTO, of an adapter that is merged."""
    liked = [one.moved(rejected="", votes=1) for one in lessons(8, 3)]
    votes = [*liked, *(one.moved(answer="", votes=-1) for one in lessons(8, 3))]
    watched = Watched()
    out = tmp_path_factory.mktemp("generator") / "voted"
    result = trained_on(
        votes,
        causal_model,
        out,
        watched,
        method="kto",
        output="merged",
        preference_learning_rate=5e-3,
        epochs=1,
    )
    return Trained(result, watched, str(causal_model))


@pytest.fixture(scope="module")
def seq2seq(seq2seq_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """SFT, then DPO, of all weights above the first layers."""
    watched = Watched()
    out = tmp_path_factory.mktemp("generator") / "seq2seq"
    result = trained_on(
        lessons(12, 3), seq2seq_model, out, watched, lora_rank=0, frozen_layers=1, learning_rate=3e-3
    )
    return Trained(result, watched, str(seq2seq_model))


def measured(model: str, examples: list[Example], adapter: Path | None = None) -> tuple[Measure, Lessons]:
    """A measure on what was saved, opened anew."""
    base = Base(model, "cpu", None, SERVING.max_tokens, whole=False)
    prompts = Prompts(base, SERVING, RECIPE.max_length, RECIPE.seed)
    opened = base.model
    if adapter:
        from peft import PeftModel

        opened = PeftModel.from_pretrained(opened, adapter)
    return Measure(base, opened, 4), lessons_of(examples, prompts)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


# --- learning ----------------------------------------------------------------------------------------------------


def test_approved_answers_are_learned(adapter: Trained) -> None:
    """The loss on answers that were not trained on falls markedly: in the files that were written, too."""
    figures = adapter.result.figures
    assert adapter.result.measure == "loss"
    assert figures["sft loss after"] < 0.7 * figures["sft loss before"]
    assert figures["sft loss before"] == adapter.result.before
    assert adapter.result.after < 0.7 * adapter.result.before
    measure, found = measured(adapter.base, lessons(16, 3), adapter.folder)
    assert answer_loss(measure, found.of["sft"].validation) == pytest.approx(adapter.result.after, rel=1e-4)


def test_better_answers_become_likelier_than_worse_ones(adapter: Trained) -> None:
    """The margin of pairs that were not trained on grows by DPO alone."""
    figures = adapter.result.figures
    assert figures["dpo loss before"] == pytest.approx(0.6931, abs=1e-3)
    assert figures["dpo loss after"] < 0.9 * figures["dpo loss before"]
    measure, found = measured(adapter.base, lessons(16, 3), adapter.folder)
    after = mean(margin(measure, found.of["dpo"].validation))
    measure, found = measured(adapter.base, lessons(16, 3))
    before = mean(margin(measure, found.of["dpo"].validation))
    assert (before, after) == pytest.approx((figures["margin before"], figures["margin after"]), rel=1e-4)
    assert after > before + 1


def test_votes_are_learned(voted: Trained) -> None:
    """Answers that were voted for gain on those voted down; the whole model that was written has it."""
    figures = voted.result.figures
    assert voted.result.measure == "loss"
    assert figures["kto rows"] == 16
    assert figures["kto loss after"] < 0.9 * figures["kto loss before"] == pytest.approx(0.45)
    assert not is_adapter(voted.folder)
    measure, found = measured(str(voted.folder), lessons(8, 3))
    untrained, _ = measured(voted.base, [])
    pairs = found.of["dpo"].validation
    assert mean(margin(measure, pairs)) > mean(margin(untrained, pairs)) + 1


def test_an_encoder_with_a_decoder_learns_both(seq2seq: Trained) -> None:
    """Its frozen layers stay as they were."""
    from safetensors.torch import load_file

    figures = seq2seq.result.figures
    assert figures["sft loss after"] < 0.9 * figures["sft loss before"]
    assert figures["dpo loss after"] < 0.9 * figures["dpo loss before"]
    assert figures["margin after"] > figures["margin before"] + 1
    before, after = (load_file(Path(f) / "model.safetensors") for f in (seq2seq.base, seq2seq.folder))
    changed = {name for name in before if not before[name].equal(after[name])}
    assert changed
    assert not [n for n in changed if ".block.0." in n or n == "shared.weight"]
    assert any("encoder.block.1." in n for n in changed)


def test_rows_are_told_exactly(adapter: Trained) -> None:
    figures = adapter.result.figures
    assert adapter.result.rows == figures["sft rows"] == figures["dpo rows"] == 16
    assert figures["sft validation rows"] == 3
    assert figures["sft steps"] == figures["dpo steps"] == 16


def test_who_watches_sees_both_losses_fall(adapter: Trained) -> None:
    """And how many steps there are."""
    watched = adapter.watched
    assert [x for x, _ in watched.curves["sft loss"]] == list(range(1, 17))
    (first, begun), *_, (last, ended) = watched.curves["sft validation loss"]
    assert (first, last) == (0, 16)
    assert ended < begun
    assert ("The generator learns approved answers", 16, 16) in watched.steps
    assert watched.figures["generator sft rows"] == 16


# --- what is written ---------------------------------------------------------------------------------------------


def test_files_are_safetensors_and_name_their_base(adapter: Trained, voted: Trained) -> None:
    """No pickle; readable for others; nothing of the training data."""
    config = json.loads((adapter.folder / "adapter_config.json").read_text())
    assert is_adapter(adapter.folder)
    assert config["base_model_name_or_path"] == adapter.base
    leaves = {name.rpartition(".")[2] for name in config["target_modules"]}
    assert leaves == {f"{part}_proj" for part in ("q", "k", "v", "o", "gate", "up", "down")}
    # what vLLM refuses
    assert (config["use_dora"], config["modules_to_save"], config["bias"]) == (False, None, "none")
    for folder in (adapter.folder, voted.folder):
        files = list(folder.iterdir())
        assert {f.suffix for f in files} <= {".safetensors", ".json", ".jinja", ".md"}
        assert all(f.stat().st_mode & 0o044 == 0o044 for f in files)
        assert "invoices" not in (folder / "README.md").read_text()
    assert not list(adapter.folder.parent.glob(".export-*"))


async def test_the_local_generator_answers_with_it(adapter: Trained) -> None:
    """In its own process, by settings; otherwise than the base, and twice the same."""
    prompt = asked(Continuer(Load(adapter.base, None, "cpu", None, 60, 0.0)))
    model = LocalModel.open(
        Generator(
            kind="local",
            model=adapter.base,
            adapter=adapter.folder,
            device="cpu",
            max_tokens=60,
            first_token_timeout_s=120,
            timeout_s=120,
        )
    )
    async with asyncio.timeout(120):
        await model.ready()
        first, second = [await heard(model, prompt) for _ in range(2)]
    await model.close()
    assert first == second == continued(Load(adapter.base, str(adapter.folder), "cpu", None, 60, 0.0))
    assert first != continued(Load(adapter.base, None, "cpu", None, 60, 0.0))


def test_a_whole_model_takes_the_place_of_its_base(voted: Trained, seq2seq: Trained) -> None:
    """For the local generator; its settings are the base's."""
    for trained in (voted, seq2seq):
        assert continued(Load(str(trained.folder), None, "cpu", None, 60, 0.0))
        base, own = (
            json.loads((Path(f) / "config.json").read_text()) for f in (trained.base, trained.folder)
        )
        assert own["use_cache"]
        assert own["dtype"] == base["dtype"]
        assert own["architectures"] == base["architectures"]


def asked(model: Continuer) -> tuple[Message, ...]:
    """A question that was not trained on, as serving asks it."""
    from rag_core.generation.models.tokens import counter
    from rag_core.generation.writing.prompt import write_prompt
    from training.tasks.generator.prompts import passage_of

    example = lesson(21)
    count = counter(Path(model.tokenizer_file))
    prompt = write_prompt(
        example.question,
        [passage_of(text) for text in (*example.wrong, *example.right)],
        (),
        count=count,
        window=model.window,
        max_tokens=60,
    )
    return prompt.messages


def continued(load: Load) -> str:
    pieces: list[str] = []
    model = Continuer(load)
    model.continued(asked(model), 60, pieces.append, lambda: False)
    return "".join(pieces)


async def heard(model: LocalModel, messages: tuple[Message, ...]) -> str:
    return "".join([part async for part in model.stream(messages, 60) if isinstance(part, str)])
