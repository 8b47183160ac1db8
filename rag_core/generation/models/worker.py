"""The child process of a local model: `python -m rag_core.generation.models.worker`, started by child.py and by nobody else.

The one module of rag_core that imports torch, transformers and peft; no other module of it imports this one. pipes.py brings
it its requests. training/tasks/generator/base.py trains what Continuer opens, so that training and serving read alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag_core.errors import NotReady, PromptTooLong
from rag_core.generation.models.detokenising import Detokeniser
from rag_core.generation.models.frames import Load
from rag_core.generation.models.layout import ENDS, as_dialogue, as_text, inert, without_system
from rag_core.generation.models.pipes import serve
from rag_core.generation.protocol import Message

__all__ = ["Continuer", "main"]

WINDOW = 2048
"""Of a model that does not tell its own."""
SENSIBLE = 10_000_000
"""Tokenizers that know no limit say 10^30."""
_LOADABLE = (
    "generator.model must name a folder, or a model on the hub, with a causal or seq2seq model of transformers in "
    "safetensors."
)
_CONTROL = re.compile(r"<\|.+\|>")


class _Stopped(Exception):
    """Nobody waits for the rest."""


class Continuer:
    """A loaded model with its tokenizer."""

    def __init__(self, load: Load) -> None:
        """
        Raises:
            NotReady: packages are missing, or the model or its adapter cannot be loaded; names the remedy.
        """
        _check_files(load)
        try:
            import torch
            from transformers import AutoConfig, AutoTokenizer
        except ImportError as error:
            raise NotReady(
                f'generator.kind = "local" needs {error.name}, which is not installed: run '
                "`pip install 'answerloop[train]'`."
            ) from None
        self._torch = torch
        self._stopped: Callable[[], bool] = lambda: False
        self.device = _device(torch, load.device)
        try:
            config = AutoConfig.from_pretrained(load.model, trust_remote_code=False)
            self._tokenizer = AutoTokenizer.from_pretrained(load.model, trust_remote_code=False)
            self._seq2seq = bool(getattr(config, "is_encoder_decoder", False))
            self._model = self._weights(load, config)
            positions = _positions(config.get_text_config(), self._tokenizer)
        except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
            raise NotReady(
                f"The model {load.model} cannot be loaded: {_first_line(error)} {_LOADABLE}"
            ) from None
        if load.adapter:
            self._model = _adapted(self._model, load.adapter)
        self._model.eval()
        self._make_interruptible()
        # A decoder of its own has a window of its own.
        self.window = load.window or positions + (load.max_tokens if self._seq2seq else 0)
        self._readable = positions if self._seq2seq and not _is_relative(config) else self.window
        self._sampling = _sampling(load.temperature)
        self._ends = self._end_tokens()
        self._controls = [
            token.content
            for token in self._tokenizer.added_tokens_decoder.values()
            if token.special or _CONTROL.fullmatch(token.content)
        ]
        self.tokenizer_file = _tokenizer_file(load.model)

    def _weights(self, load: Load, config: Any) -> Any:
        """float32 on a CPU, which computes halves slowly; elsewhere bfloat16, or float16 where there is none."""
        from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

        torch = self._torch
        half = (
            torch.bfloat16 if self.device.type == "cuda" and torch.cuda.is_bf16_supported() else torch.float16
        )
        kind = AutoModelForSeq2SeqLM if self._seq2seq else AutoModelForCausalLM
        model = kind.from_pretrained(
            load.model,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32 if self.device.type == "cpu" else half,
        )
        return model.to(self.device)

    def _make_interruptible(self) -> None:
        """A long prompt takes seconds to read, before the first token: whether to stop is asked before each layer."""
        for module in self._model.modules():
            if isinstance(module, self._torch.nn.ModuleList):
                for layer in module:
                    layer.register_forward_pre_hook(self._interrupt)

    def _interrupt(self, *_: object) -> None:
        if self._stopped():
            raise _Stopped

    def _end_tokens(self) -> list[int]:
        """What ends an answer by the model's own word, and by its tokenizer's: chat models differ in which is right."""
        own = self._model.generation_config.eos_token_id
        ends = [*(own if isinstance(own, list) else [own]), self._tokenizer.eos_token_id]
        return sorted({end for end in ends if end is not None})

    def tokens(self, messages: Sequence[Message]) -> list[int]:
        """The prompt as the model reads it; control tokens in the messages' texts are none."""
        said = [Message(m.role, inert(m.text, self._controls)) for m in messages]
        if not self._tokenizer.chat_template:
            text = as_text(said) if self._seq2seq else as_dialogue(said)
            return list(self._tokenizer(text).input_ids)
        try:
            text = self._templated(said)
        except Exception as error:  # a template raises jinja2's TemplateError for roles that it does not know
            if type(error).__name__ != "TemplateError":
                raise
            text = self._templated(without_system(said))
        return list(self._tokenizer(text, add_special_tokens=self._seq2seq).input_ids)

    def _templated(self, messages: Sequence[Message]) -> str:
        turns = [{"role": m.role, "content": m.text} for m in messages]
        return str(self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))

    def continued(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        say: Callable[[str], None],
        stopped: Callable[[], bool],
    ) -> tuple[int, int]:
        """Write an answer; returns the tokens of prompt and answer.

        say: is given each piece of text. stopped: is asked all the time whether to write no more.

        Raises:
            PromptTooLong: prompt and answer do not fit the window; its first argument is the prompt's tokens.
        """
        from transformers import StoppingCriteriaList
        from transformers.generation.streamers import BaseStreamer

        torch = self._torch
        ids = self.tokens(messages)
        if len(ids) + max_tokens > self.window or len(ids) > self._readable:
            raise PromptTooLong(len(ids))
        pieces = Detokeniser(self._decoded, () if self._tokenizer.chat_template or self._seq2seq else ENDS)
        written = 0

        class Streamer(BaseStreamer):  # type: ignore[misc]
            prompt = True

            def put(self, value: Any) -> None:
                """The first is the prompt, or what a decoder begins with."""
                nonlocal written
                if self.prompt:
                    self.prompt = False
                    return
                for token in value.flatten().tolist():
                    written += 1
                    if text := pieces.add(token):
                        say(text)

            def end(self) -> None:
                if text := pieces.rest():
                    say(text)

        def over(input_ids: Any, scores: Any, **_: Any) -> Any:
            return torch.full((input_ids.shape[0],), pieces.ended, device=input_ids.device)

        prompt = torch.tensor([ids], device=self.device)
        self._stopped = stopped
        with suppress(_Stopped), torch.inference_mode():
            self._model.generate(
                input_ids=prompt,
                attention_mask=torch.ones_like(prompt),
                max_new_tokens=max_tokens,
                eos_token_id=self._ends or None,
                pad_token_id=self._pad(),
                streamer=Streamer(),
                stopping_criteria=StoppingCriteriaList([over]),
                num_beams=1,
                **self._sampling,
            )
        return len(ids), written

    def _pad(self) -> int:
        pad = self._tokenizer.pad_token_id
        return int(pad if pad is not None else (self._ends or [0])[0])

    def _decoded(self, ids: Sequence[int]) -> str:
        return str(
            self._tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )


def _check_files(load: Load) -> None:
    """What transformers would refuse with a longer story, look for on the hub, or unpickle."""
    model, folder = load.model, Path(load.model)
    if load.adapter:
        _check_adapter(load.adapter)
    if not folder.is_dir():
        if folder.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
            raise NotReady(f"There is no folder {model}. {_LOADABLE}")
        return
    if not (folder / "config.json").is_file():
        raise NotReady(f"{model} holds no config.json, so no model. {_LOADABLE}")
    if not any(folder.glob("*.safetensors")):
        pickles = sorted(f.name for f in folder.iterdir() if f.suffix in {".bin", ".pt", ".pth", ".ckpt"})
        what = (
            f"has its weights in {pickles[0]} only, a pickle, which is not loaded"
            if pickles
            else "has no weights"
        )
        raise NotReady(f"{model} {what}. Save it with save_pretrained, which writes safetensors.")


def _check_adapter(adapter: str) -> None:
    folder = Path(adapter)
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        if not (folder / name).is_file():
            raise NotReady(
                f"generator.adapter: {adapter} holds no {name}; it must be the folder of a LoRA adapter in safetensors."
            )
    kind = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8")).get("peft_type")
    if kind != "LORA":
        raise NotReady(f"generator.adapter: {adapter} is an adapter of the kind {kind}; only LORA is loaded.")


def _adapted(model: Any, adapter: str) -> Any:
    """The model with a LoRA adapter merged into its weights."""
    try:
        from peft import PeftModel
    except ImportError:
        raise NotReady(
            "generator.adapter needs peft, which is not installed: run `pip install 'answerloop[train]'`."
        ) from None
    try:
        return PeftModel.from_pretrained(model, adapter).merge_and_unload()
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError) as error:
        raise NotReady(
            f"generator.adapter: {adapter} does not fit the model: {_first_line(error)} It must be a LoRA adapter that was "
            "trained for generator.model."
        ) from None


def _device(torch: Any, name: str) -> Any:
    if name == "auto":
        mps = torch.backends.mps.is_available()
        name = "cuda" if torch.cuda.is_available() else "mps" if mps else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise NotReady(
            f'generator.device = "{name}" cannot be used: {_first_line(error)} "auto" takes what there is.'
        ) from None
    return device


def _positions(config: Any, tokenizer: Any) -> int:
    """How long a text the model was made for: the least of what its parts say."""
    names = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length")
    said = [getattr(config, name, None) for name in names] + [tokenizer.model_max_length]
    return min((int(n) for n in said if n and 0 < n < SENSIBLE), default=WINDOW)


def _is_relative(config: Any) -> bool:
    """T5 and its like tell positions by distance: a longer text is read, if less well."""
    return hasattr(config, "relative_attention_num_buckets")


def _sampling(temperature: float) -> dict[str, Any]:
    """0: always the likeliest token, whatever the checkpoint's own settings are."""
    if temperature > 0:
        return {"do_sample": True, "temperature": temperature}
    return {"do_sample": False, "temperature": 1.0, "top_p": 1.0, "top_k": 50}


def _tokenizer_file(model: str) -> str:
    from transformers.utils import cached_file

    with suppress(Exception):  # a convenience for counting; without it tokens are estimated
        return str(cached_file(model, "tokenizer.json", local_files_only=True) or "")
    return ""


def _first_line(error: BaseException) -> str:
    line = (str(error).strip() or type(error).__name__).split("\n")[0][:300]
    return line if line.endswith((".", "!", "?")) else line + "."


def main() -> None:
    """Serve until standard input ends."""
    serve(Continuer)


if __name__ == "__main__":
    main()
