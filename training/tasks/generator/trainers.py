"""The trainers of transformers and trl, given rows as they are: no trainer writes or cuts a prompt here."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag_core.settings.training import GeneratorRecipe
from training.tasks.generator.base import Base
from training.tasks.generator.course import Plan
from training.tasks.generator.lessons import Row, Stage
from training.tasks.generator.measure import UNSEEN, Measure, margin, padded, summed

__all__ = ["optimiser_of", "trainer_of"]


def optimiser_of(trained: Mapping[str, Any], recipe: GeneratorRecipe, stage: Stage) -> Any:
    """AdamW; biases and norms do not decay."""
    import torch

    decaying = [p for p in trained.values() if p.ndim > 1]
    others = [p for p in trained.values() if p.ndim <= 1]
    rate = recipe.learning_rate if stage == "sft" else recipe.preference_learning_rate
    groups = [
        {"params": decaying, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=rate)


def trainer_of(
    stage: Stage,
    base: Base,
    model: Any,
    rows: Sequence[Row],
    plan: Plan,
    done: int,
    optimiser: Any,
    recipe: GeneratorRecipe,
    scratch: Path,
) -> Any:
    """A Trainer for what is left of the plan. done: steps that were taken before.

    What the model says while this is called is what it is held near to in DPO and KTO.
    """
    from torch.optim.lr_scheduler import LambdaLR
    from transformers import PrinterCallback, ProgressCallback

    make = {
        ("sft", False): _answers,
        ("dpo", False): _pairs,
        ("kto", False): _votes,
        ("sft", True): _texts,
        ("dpo", True): _text_pairs,
    }[stage, base.seq2seq]
    common = _common(base, plan, done, recipe, scratch)
    schedule = LambdaLR(optimiser, lambda step: plan.rate(step + done))
    places = plan.left(done)
    trainer = make(base, model, rows, places, recipe, common, (optimiser, schedule))
    for printing in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(printing)
    return trainer


def _common(base: Base, plan: Plan, done: int, recipe: GeneratorRecipe, scratch: Path) -> dict[str, Any]:
    """Arguments of all trainers. A checkpoint of theirs would be a pickle: none is written."""
    return {
        "output_dir": str(scratch),
        "max_steps": plan.steps - done,
        "per_device_train_batch_size": recipe.batch_size,
        "gradient_accumulation_steps": recipe.accumulate,
        "train_sampling_strategy": "sequential",  # the plan has its order
        "save_strategy": "no",
        "eval_strategy": "no",
        "logging_steps": max(1, plan.steps // 50),
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": base.device.type == "cpu",
        "dataloader_pin_memory": base.device.type == "cuda",
        "bf16": base.bf16,
        "gradient_checkpointing": base.recomputes,
        "seed": recipe.seed + done,
    }


def _on_one(arguments: Any) -> Any:
    """Where several GPUs are visible and nothing launched a process for each, the first is used."""
    if arguments.n_gpu > 1:
        arguments._n_gpu = 1
    return arguments


def _columns(rows: Sequence[Row], places: Sequence[int], **columns: Any) -> Any:
    """A dataset in the plan's order. columns: what each makes of a row."""
    from datasets import Dataset

    return Dataset.from_dict({name: [of(row) for row in rows] for name, of in columns.items()}).select(
        list(places)
    )


def _answers(
    base: Base, model: Any, rows: Any, places: Any, recipe: Any, common: Any, optimisers: Any
) -> Any:
    from trl import SFTConfig, SFTTrainer  # type: ignore[attr-defined]

    data = _columns(
        rows,
        places,
        input_ids=lambda row: row.prompt + row.answer,
        labels=lambda row: [UNSEEN] * len(row.prompt) + row.answer,
    )
    arguments = SFTConfig(**common, max_length=None, dataset_kwargs={"skip_prepare_dataset": True})
    return SFTTrainer(
        model,
        _on_one(arguments),
        train_dataset=data,
        processing_class=base.tokenizer,
        optimizers=optimisers,
    )


def _pairs(base: Base, model: Any, rows: Any, places: Any, recipe: Any, common: Any, optimisers: Any) -> Any:
    from trl import DPOConfig, DPOTrainer  # type: ignore[attr-defined]

    class Tokens(DPOTrainer):
        def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
            return dataset

    data = _columns(
        rows,
        places,
        prompt_ids=lambda row: row.prompt,
        chosen_ids=lambda row: row.answer,
        rejected_ids=lambda row: row.rejected,
    )
    return Tokens(
        model,
        _held_to(model, recipe),
        _on_one(DPOConfig(**common, max_length=None, beta=recipe.beta)),
        train_dataset=data,
        processing_class=base.tokenizer,
        optimizers=optimisers,
    )


def _votes(base: Base, model: Any, rows: Any, places: Any, recipe: Any, common: Any, optimisers: Any) -> Any:
    from trl import KTOConfig, KTOTrainer  # type: ignore[attr-defined]

    class Tokens(KTOTrainer):
        def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
            return dataset

    data = _columns(
        rows,
        places,
        prompt_ids=lambda row: row.prompt,
        completion_ids=lambda row: row.answer,
        label=lambda row: row.liked,
    )
    others = _turned([rows[place].answer for place in places], recipe.batch_size)
    liked = sum(row.liked for row in rows)
    weight = (len(rows) - liked) / liked  # both kinds weigh the same
    arguments = KTOConfig(**common, max_length=None, beta=recipe.beta, desirable_weight=weight)
    return Tokens(
        model,
        _held_to(model, recipe),
        _on_one(arguments),
        train_dataset=data.add_column("KL_completion_ids", others),
        processing_class=base.tokenizer,
        optimizers=optimisers,
    )


def _turned(answers: Sequence[list[int]], batch: int) -> list[list[int]]:
    """In each batch every answer goes to the next prompt: KTO's reference point is measured on such mismatches."""
    turned: list[list[int]] = []
    for begin in range(0, len(answers), batch):
        own = list(answers[begin : begin + batch])
        turned += [own[-1], *own[:-1]]
    return turned


def _held_to(model: Any, recipe: GeneratorRecipe) -> Any:
    """The model that a preference is measured against; of adapters trl keeps a copy itself."""
    return None if recipe.lora_rank else copy.deepcopy(model).requires_grad_(False)


def _texts(base: Base, model: Any, rows: Any, places: Any, recipe: Any, common: Any, optimisers: Any) -> Any:
    from transformers import Seq2SeqTrainer, Seq2SeqTrainingArguments

    data = _columns(rows, places, prompt=lambda row: row.prompt, answer=lambda row: row.answer)
    return Seq2SeqTrainer(
        model,
        _on_one(Seq2SeqTrainingArguments(**common, remove_unused_columns=False)),
        data_collator=lambda batch: padded(base, [(row["prompt"], row["answer"]) for row in batch], "cpu"),
        train_dataset=data,
        processing_class=base.tokenizer,
        optimizers=optimisers,
    )


def _text_pairs(
    base: Base, model: Any, rows: Any, places: Any, recipe: Any, common: Any, optimisers: Any
) -> Any:
    """trl's DPO trainer puts prompt and answer into one text, which an encoder-decoder does not read."""
    import torch
    from transformers import Seq2SeqTrainer, Seq2SeqTrainingArguments

    class Preferring(Seq2SeqTrainer):  # type: ignore[misc]
        def compute_loss(self, model: Any, inputs: Any, *_: Any, **__: Any) -> Any:
            margins = summed(model, inputs["better"]) - summed(model, inputs["worse"])
            gains = recipe.beta * (margins - inputs["reference"])
            return -torch.nn.functional.logsigmoid(gains).mean()

    def collated(batch: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return {
            "better": padded(base, [(row["prompt"], row["answer"]) for row in batch], "cpu"),
            "worse": padded(base, [(row["prompt"], row["rejected"]) for row in batch], "cpu"),
            "reference": torch.tensor([row["reference"] for row in batch]),
        }

    data = _columns(
        rows,
        places,
        prompt=lambda row: row.prompt,
        answer=lambda row: row.answer,
        rejected=lambda row: row.rejected,
    )
    references = margin(Measure(base, model, recipe.batch_size), rows)
    trainer = Preferring(
        model,
        _on_one(Seq2SeqTrainingArguments(**common, remove_unused_columns=False)),
        data_collator=collated,
        train_dataset=data.add_column("reference", [references[place] for place in places]),
        processing_class=base.tokenizer,
        optimizers=optimisers,
    )
    trainer.model_accepts_loss_kwargs = (
        False  # the loss is a batch's mean, whatever the model itself would take
    )
    return trainer
