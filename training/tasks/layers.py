"""Encoders of which only the upper layers learn: freezing, LoRA, and frozen layers computed once for each text."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.errors import NotReady
from training.tasks.task import uses_bf16

__all__ = ["Tokenised", "embed_texts", "freeze", "halves", "merged", "tokens_of", "with_lora"]

CACHED_BYTES = 4 << 30
"""What the frozen layers' outputs may take; where they are more, the layers are computed again for each batch."""
PORTION = 16_384
"""Texts that are tokenised at once, while those before them pass the encoder."""
TOKENS = {"cpu": 4_096, "cuda": 131_072}
"""Of one pass, padding included: more does not fit a processor's caches, fewer leave a GPU idle."""
ALIKE = 1e-3
"""How far the halves of an encoder may be from the whole: both are float32."""


def freeze(encoder: Any, layers: int) -> None:
    """The embeddings and so many lower layers learn no more; with 0 all learns.

    Raises:
        NotReady: the encoder has no more layers than that.
    """
    path, stack = _stack(encoder)
    if layers and layers >= len(stack):
        raise NotReady(
            f"The model has {len(stack)} layers, and frozen_layers is {layers}: set at most {len(stack) - 1}."
        )
    if layers:
        for name, parameter in encoder.named_parameters():
            above = name.startswith(f"{path}.") and int(name[len(path) + 1 :].split(".")[0]) >= layers
            parameter.requires_grad_(above or not (name.startswith(f"{path}.") or "embed" in name))


def with_lora(encoder: Any, rank: int, frozen: int, seed: int) -> Any:
    """Put adapters of this rank into the layers from `frozen` on, in place; they alone learn. For merged()."""
    import torch
    from peft import LoraConfig, get_peft_model

    path, stack = _stack(encoder)
    names = [
        f"{path}.{n}.{name}"
        for n, layer in enumerate(stack)
        if n >= frozen
        for name, module in layer.named_modules()
        if isinstance(module, torch.nn.Linear)
    ]
    torch.manual_seed(seed)
    return get_peft_model(encoder, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=names))


def merged(adapted: Any) -> Any:
    """The encoder that was given to with_lora(), the adapters added to its weights."""
    return adapted.merge_and_unload()


def halves(encoder: Any, layers: int) -> tuple[Any, Any] | None:
    """The embeddings with so many lower layers, and the layers above; they share the encoder's weights.

    The upper one takes what the lower one makes as `inputs_embeds`. None where together they do not make what the
    encoder makes, as in architectures with something between or beside the layers.
    """
    import torch

    path, stack = _stack(encoder)
    given = _given()
    lower = _exchanged(encoder, path, stack[:layers])
    upper = _exchanged(_exchanged(encoder, path, stack[layers:]), "embeddings", given)
    training = encoder.training
    encoder.eval()
    ids = torch.arange(10, 18, device=encoder.device).reshape(2, 4)
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]], device=encoder.device)
    try:
        with torch.no_grad():
            whole = _run(encoder, mask, input_ids=ids)
            parts = _run(upper, mask, inputs_embeds=_run(lower, mask, input_ids=ids))
            alike = float((whole - parts)[mask.bool()].abs().max()) < ALIKE
    except (AttributeError, TypeError, ValueError, KeyError):
        alike = False
    encoder.train(training)
    return (lower, upper) if alike else None


def tokens_of(model: Any, texts: Sequence[str], max_length: int) -> list[NDArray[np.int32]]:
    """Of each text, with those at its beginning and end, cut at max_length. model: a SentenceTransformer."""
    # The wrapper around it takes longer than a GPU does.
    backend = copy.deepcopy(model.tokenizer.backend_tokenizer)
    backend.enable_truncation(max_length)
    backend.no_padding()
    return [np.asarray(encoding.ids, np.int32) for encoding in backend.encode_batch(list(texts))]


def embed_texts(
    model: Any, texts: Sequence[str], *, max_length: int | None = None, bf16: bool | None = None
) -> NDArray[np.float32]:
    """Vectors (texts, dimension), each of length one. For a whole corpus: texts of like length pass together, and the next
    ones are tokenised meanwhile.

    model: a SentenceTransformer on its device; it stays as it is. max_length: None is its own. bf16: None is where that is
    faster.
    """
    if not texts:
        return np.empty((0, int(model.get_embedding_dimension())), np.float32)
    bf16 = uses_bf16(model.device.type) if bf16 is None else bf16
    reader = _halved(model) if bf16 else model
    length = max_length or int(model.max_seq_length)
    order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
    portions = [order[start : start + PORTION] for start in range(0, len(order), PORTION)]
    vectors: list[NDArray[np.float32]] = []
    with ThreadPoolExecutor(1) as ahead:
        made = [
            ahead.submit(Tokenised, reader, [texts[n] for n in some], length, 0, False)
            for some in portions[:1]
        ]
        for n, some in enumerate(portions):
            tokenised = made.pop().result()
            if n + 1 < len(portions):
                following = [texts[k] for k in portions[n + 1]]
                made.append(ahead.submit(Tokenised, reader, following, length, 0, False))
            vectors.append(tokenised.embedded(range(len(some))))
    return np.concatenate(vectors)[np.argsort(order)]


def _halved(model: Any) -> Any:
    """A copy with an encoder in bfloat16: half as much to read, and no conversion in each pass."""
    import torch

    clone = copy.deepcopy(model)
    clone[0].auto_model.to(torch.bfloat16)
    return clone


class Tokenised:
    """Texts as an encoder takes them, with what its frozen layers make of them: these are passed once for each text."""

    def __init__(self, model: Any, texts: Sequence[str], max_length: int, frozen: int, bf16: bool) -> None:
        """model: a SentenceTransformer. frozen: lower layers that learn nothing; 0: the embeddings learn too."""
        self._model = model
        self._bf16 = bf16
        self._device = model.device
        self._ids = tokens_of(model, texts, max_length)
        self.lengths = np.array([len(ids) for ids in self._ids])
        encoder = model[0].auto_model
        self._halves = halves(encoder, frozen) if frozen else None
        self._encoder = self._halves[1] if self._halves else encoder
        self._starts = np.concatenate([[0], np.cumsum(self.lengths)])
        self._kept = np.zeros(len(self._ids), bool)
        self._hidden = self._room() if self._halves else None

    def passes(self, rows: Sequence[int]) -> Iterator[list[int]]:
        """The rows by their length, so many at a time that padding stays small."""
        room = TOKENS[self._device.type] if self._device.type in TOKENS else TOKENS["cpu"]
        batch: list[int] = []
        for row in sorted(rows, key=lambda row: int(-self.lengths[row])):
            if batch and (len(batch) + 1) * self.lengths[batch[0]] > room:
                yield batch
                batch = []
            batch.append(row)
        if batch:
            yield batch

    def vectors(self, rows: Sequence[int]) -> Any:
        """A tensor (rows, dimension), each of length one, that gradients flow through to what learns."""
        import torch

        order: list[int] = []
        parts = []
        for some in self.passes(sorted(set(rows))):
            order += some
            parts.append(self._pooled(some))
        place = {row: n for n, row in enumerate(order)}
        return torch.cat(parts)[[place[row] for row in rows]]

    def embedded(self, rows: Sequence[int]) -> NDArray[np.float32]:
        """The same without gradients."""
        import torch

        with _evaluating(self._model), torch.no_grad():
            return np.asarray(self.vectors(rows).float().cpu().numpy(), np.float32)

    def _pooled(self, rows: Sequence[int]) -> Any:
        import torch

        with self._cast():
            hidden, mask = self._through(rows)
        features = {"token_embeddings": hidden.float(), "attention_mask": mask}
        for module in list(self._model)[1:]:
            features = module(features)
        return torch.nn.functional.normalize(features["sentence_embedding"], dim=-1)

    def _through(self, rows: Sequence[int]) -> tuple[Any, Any]:
        ids, mask = self._padded(rows)
        if self._halves is None:
            return _run(self._encoder, mask, input_ids=ids), mask
        return _run(self._encoder, mask, inputs_embeds=self._below(rows, ids, mask)), mask

    def _below(self, rows: Sequence[int], ids: Any, mask: Any) -> Any:
        """What the frozen layers make of them: (rows, tokens, width), without dropout, kept where there is room."""
        import torch

        lower = self._halves[0].eval()  # type: ignore[index]
        with torch.no_grad():
            if self._hidden is None:
                return _run(lower, mask, input_ids=ids)
            missing: list[int] = np.flatnonzero(~self._kept[list(rows)]).tolist()
            if missing:
                some = torch.as_tensor(missing, device=self._device)
                made = _run(lower, mask[some], input_ids=ids[some])[mask[some].bool()]
                self._hidden[self._places([rows[n] for n in missing])] = made.to(self._hidden.dtype)
                self._kept[list(rows)] = True
            shape = (*mask.shape, self._hidden.shape[1])
            below = torch.zeros(shape, dtype=self._hidden.dtype, device=self._device)
            below[mask.bool()] = self._hidden[self._places(rows)]
            return below

    def _room(self) -> Any:
        """For what the frozen layers make of all texts; None where that is too much."""
        import torch

        dtype = torch.bfloat16 if self._bf16 else torch.float32
        shape = (int(self.lengths.sum()), int(self._model[0].auto_model.config.hidden_size))
        if shape[0] * shape[1] * dtype.itemsize > CACHED_BYTES:
            return None
        return torch.empty(shape, dtype=dtype, device=self._device)

    def _places(self, rows: Sequence[int]) -> Any:
        import torch

        spans = [np.arange(self._starts[row], self._starts[row + 1]) for row in rows]
        return torch.as_tensor(np.concatenate(spans), device=self._device)

    def _padded(self, rows: Sequence[int]) -> tuple[Any, Any]:
        import torch

        width = int(self.lengths[list(rows)].max())
        ids = np.full((len(rows), width), self._model.tokenizer.pad_token_id or 0, np.int64)
        mask = np.zeros_like(ids)
        for n, row in enumerate(rows):
            ids[n, : self.lengths[row]] = self._ids[row]
            mask[n, : self.lengths[row]] = 1
        return torch.as_tensor(ids, device=self._device), torch.as_tensor(mask, device=self._device)

    def _cast(self) -> Any:
        import torch

        return torch.autocast(self._device.type, torch.bfloat16, enabled=self._bf16)


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """Without dropout."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def _run(encoder: Any, mask: Any, **inputs: Any) -> Any:
    return encoder(attention_mask=mask, **inputs).last_hidden_state


def _stack(encoder: Any) -> tuple[str, Any]:
    """The longest list of layers, and where it is."""
    import torch

    lists = [
        (name, m) for name, m in encoder.named_modules() if isinstance(m, torch.nn.ModuleList) and len(m)
    ]
    if not lists:
        raise NotReady(f"{type(encoder).__name__} has no list of layers to freeze; set frozen_layers to 0.")
    return max(lists, key=lambda found: len(found[1]))


def _exchanged(module: Any, path: str, part: Any) -> Any:
    """A copy of the module that shares all with it but the part at this path."""
    clone = copy.copy(module)
    name, _, rest = path.partition(".")
    child = _exchanged(module._modules[name], rest, part) if rest else part
    clone.__dict__["_modules"] = {**module._modules, name: child}
    return clone


def _given() -> Any:
    import torch

    class Given(torch.nn.Module):  # type: ignore[misc]
        """In the embeddings' place: what it is given."""

        def forward(self, input_ids: Any = None, inputs_embeds: Any = None, **_: Any) -> Any:
            return inputs_embeds

    return Given()
