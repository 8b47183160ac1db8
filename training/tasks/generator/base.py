"""The model that training begins with: opened as the `local` generator opens it, with what is trained of it."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any

from rag_core.errors import NotReady
from rag_core.generation.models.frames import Load
from rag_core.generation.models.layout import inert
from rag_core.generation.models.worker import Continuer
from rag_core.generation.protocol import Message
from rag_core.settings.training import GeneratorRecipe
from training.tasks.task import Refused, uses_bf16

__all__ = ["Base", "prepared"]

TIMES = 8
"""What a batch's activations take of a GPU's memory, as often as the weights do: where there is less, they are computed
twice rather than kept."""


class Base(Continuer):
    """A Continuer whose weights are there to be trained: what it reads is what serving has it read.

    A model that exists as a pickle alone is refused as serving refuses it.
    """

    def __init__(self, name: str, device: str, window: int | None, max_tokens: int, *, whole: bool) -> None:
        """name: hub name or folder. whole: all weights are trained, so that a GPU keeps them in float32 too.

        Raises:
            NotReady: packages are missing, or the model cannot be loaded; names the remedy.
        """
        self.name = name
        self._whole = whole
        super().__init__(Load(name, None, _of_this_process(device), window, max_tokens, 0.0))

    def _weights(self, load: Load, config: Any) -> Any:
        """Where they are to be trained the trainer puts them itself."""
        from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

        kind = AutoModelForSeq2SeqLM if self._seq2seq else AutoModelForCausalLM
        self.saved_as = getattr(config, "dtype", None) or self._torch.float32
        half = self.bf16 and not self._whole
        return kind.from_pretrained(
            load.model,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=self._torch.bfloat16 if half else self._torch.float32,
        )

    def _make_interruptible(self) -> None:
        """Training is not interrupted between two layers."""

    @property
    def model(self) -> Any:
        return self._model

    @property
    def tokenizer(self) -> Any:
        return self._tokenizer

    @property
    def seq2seq(self) -> bool:
        return self._seq2seq

    @property
    def bf16(self) -> bool:
        """Whether it is trained in bfloat16: on a GPU that has it."""
        return bool(self.device.type == "cuda") and uses_bf16("cuda")

    @property
    def recomputes(self) -> bool:
        """Whether activations are computed twice, to save memory."""
        if self.device.type != "cuda":
            return False
        weights = sum(p.numel() * p.element_size() for p in self._model.parameters())
        total = self._torch.cuda.get_device_properties(self.device).total_memory
        return bool(weights * TIMES > total)

    @property
    def pad(self) -> int:
        return self._pad()

    def answer(self, text: str) -> list[int]:
        """What the model is to write after a prompt: the answer's tokens and the end."""
        text = inert(text, self._controls)
        if self._seq2seq:
            return list(self._tokenizer(text_target=text).input_ids)
        spaced = text if self._tokenizer.chat_template else f" {text}"  # as_dialogue ends with "Assistant:"
        return [*self._tokenizer(spaced, add_special_tokens=False).input_ids, *self._end]

    @cached_property
    def _end(self) -> list[int]:
        """The token that ends an answer: what the chat template puts behind one, as far as generation stops at it."""
        if self._tokenizer.chat_template:
            probe = "Yes."
            said = [{"role": "user", "content": "?"}, {"role": "assistant", "content": probe}]
            rest = self._tokenizer.apply_chat_template(said, tokenize=False).rpartition(probe)[2]
            behind = self._tokenizer(rest, add_special_tokens=False).input_ids
            if found := [token for token in behind if token in self._ends]:
                return found[:1]
        eos = self._tokenizer.eos_token_id
        return [eos] if eos is not None else self._ends[:1]

    def reads(self, messages: tuple[Message, ...]) -> bool:
        """Whether it can be asked this at all, by its own positions."""
        return len(self.tokens(messages)) <= self._readable


def prepared(base: Base, recipe: GeneratorRecipe) -> Any:
    """The model with what is trained of it marked as such: LoRA beside every linear layer but the last, or all weights above
    the frozen layers.

    Raises:
        Refused: nothing is left to be trained.
    """
    from transformers import set_seed

    set_seed(recipe.seed)  # an adapter begins with weights drawn by chance
    if recipe.lora_rank:
        return _adapted(base, recipe)
    _freeze(base.model, recipe.frozen_layers)
    if not any(p.requires_grad for p in base.model.parameters()):
        raise Refused(
            f"training.generator.frozen_layers = {recipe.frozen_layers} leaves nothing of {base.name} to be trained; "
            "lower it."
        )
    return base.model


def _adapted(base: Base, recipe: GeneratorRecipe) -> Any:
    from peft import LoraConfig, TaskType, get_peft_model

    base.model.config.name_or_path = base.model.name_or_path = base.name
    config = LoraConfig(
        r=recipe.lora_rank,
        lora_alpha=2 * recipe.lora_rank,
        target_modules="all-linear",
        task_type=TaskType.SEQ_2_SEQ_LM if base.seq2seq else TaskType.CAUSAL_LM,
        base_model_name_or_path=base.name,
    )
    return get_peft_model(base.model, config)


def _freeze(model: Any, layers: int) -> None:
    """The lowest layers of each stack, with the embeddings below them."""
    from torch.nn import ModuleList

    if not layers:
        return
    model.get_input_embeddings().requires_grad_(False)
    stacks: list[str] = []
    for name, module in model.named_modules():
        if isinstance(module, ModuleList) and not any(name.startswith(f"{stack}.") for stack in stacks):
            stacks.append(name)
            for layer in list(module)[:layers]:
                layer.requires_grad_(False)


def _of_this_process(device: str) -> str:
    """Launched on several GPUs, each process has its own; otherwise the first that is visible is trained on.

    Raises:
        NotReady: another one is asked for.
    """
    if device == "auto":
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        return device
    if (rank := os.environ.get("LOCAL_RANK")) is not None:
        return f"cuda:{rank}"
    kind, _, number = device.partition(":")
    if number not in ("", "0"):
        raise NotReady(
            f"The generator is trained on the first GPU that is visible: set CUDA_VISIBLE_DEVICES={number} and "
            f'training.device = "{kind}".'
        )
    return device
