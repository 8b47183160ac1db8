"""A trained model -> a folder that the `local` generator and vLLM open: an adapter or a whole model, safetensors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag_core.settings.training import GeneratorRecipe
from training.conversion import replacing
from training.tasks.generator.base import Base
from training.tasks.generator.lessons import Stage

__all__ = ["is_adapter", "save"]


def save(base: Base, model: Any, recipe: GeneratorRecipe, stages: Sequence[Stage], out: Path) -> None:
    """An adapter is opened beside its base, by `generator.adapter`; a whole model takes the base's place.

    Where all weights were trained it is a whole model, whatever the recipe's output.
    """
    with replacing(out) as work:
        if recipe.lora_rank and recipe.output == "adapter":
            model.save_pretrained(work, save_embedding_layers=False)
        else:
            whole = model.merge_and_unload() if recipe.lora_rank else model
            whole.config.use_cache = True  # trainers switch it off
            whole.to(base.saved_as).save_pretrained(work)
        base.tokenizer.save_pretrained(work)
        (work / "README.md").write_text(_card(base.name, recipe, stages), encoding="utf-8")
        for file in work.iterdir():
            file.chmod(0o644)  # weights are written for their owner alone, and served by another


def _card(base: str, recipe: GeneratorRecipe, stages: Sequence[Stage]) -> str:
    """In place of peft's, which is a form to fill in."""
    said = "\n".join(f"| {name} | {value} |" for name, value in recipe.model_dump(mode="json").items())
    return (
        f"---\nbase_model: {base}\npipeline_tag: text-generation\n---\n\n# Generator\n\nTrained from {base} by "
        f"training/tasks/generator of answerloop: {', then '.join(stages)}. The licence of the base applies.\n\n"
        f"| setting | value |\n| --- | --- |\n{said}\n"
    )


def is_adapter(folder: Path) -> bool:
    """Whether a folder that `save` wrote holds an adapter."""
    return (folder / "adapter_config.json").is_file()
