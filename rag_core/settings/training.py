"""The learning loop: [training] and the tables below it. See docs/learning.md."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from rag_core.settings.group import Group, duration_s

__all__ = [
    "Gate",
    "GeneratorRecipe",
    "RecipeSearch",
    "RerankerRecipe",
    "RetrieverRecipe",
    "RouterRecipe",
    "Training",
    "TrainingData",
    "Watch",
]

_Use = Literal["reviewed", "never"]


class TrainingData(Group):
    """What is learned from: what somebody reviewed, golden questions, standard answers and documents; chat text that nobody
    reviewed never is."""

    slack: _Use = "reviewed"
    """Whether reviewed questions and answers from Slack are learned from; `"never"` where its terms, or yours, forbid it:
    docs/privacy.md says what to check."""
    discord: _Use = "reviewed"
    """The same for Discord."""
    web: _Use = "reviewed"
    """The same for the chat page."""
    other: _Use = "reviewed"
    """The same for the terminal and what was imported."""
    scopes: tuple[str, ...] = ("public",)
    """Whose passages are learned from. A model does not ask who may read what it has learned: name no scope here that some
    of those who ask may not read."""
    headings: bool = True
    """Learn from the documents' own headings too: which section stands below which. Never measured on."""
    synthetic: int = Field(default=0, ge=0, le=100_000)
    """Questions to have written by the generator's language model, where there is one; never measured on."""
    validation: float = Field(default=0.15, gt=0, lt=0.5)
    """Share of the groups of like questions that decides when to stop."""
    test: float = Field(default=0.2, gt=0, lt=0.5)
    """Share of them that is never trained on and measures every release. A group that was in it once stays in it."""
    negatives: int = Field(default=4, ge=0, le=32)
    """Passages found for each question that do not answer it, learned as such beside those that reviewers judged wrong."""
    margin: float = Field(default=0.95, gt=0, le=1)
    """Such a passage is taken only where it is at most so near to the question as this share of the right one's nearness: a
    nearer one may answer too."""
    seed: int = 0
    """Of all that is drawn by chance."""


class _Recipe(Group):
    learning_rate: float = Field(default=1e-4, gt=0)
    """The highest, after the warm-up."""
    batch_size: int = Field(default=32, ge=1)
    """Rows of one step."""
    epochs: float = Field(default=2, gt=0)
    """How often every row is seen, at most."""
    warm_up: float = Field(default=0.1, ge=0, lt=1)
    """Share of the steps in which the learning rate rises."""
    weight_decay: float = Field(default=0.01, ge=0)
    """Of AdamW."""
    max_length: int = Field(default=128, ge=8)
    """Tokens of a text; what is longer is cut."""
    patience: int = Field(default=3, ge=1)
    """Evaluations on the validation part without a gain before it stops early."""
    seed: int = 0
    """Of all that is drawn by chance."""


class RetrieverRecipe(_Recipe):
    """How the embedding model is trained."""

    method: Literal["auto", "full", "query-side", "off"] = "auto"
    """`"full"` trains the model and embeds all documents anew; `"query-side"` a map of questions' vectors, in seconds, that
    needs neither; `"auto"` trains both where there are rows enough and takes the better."""
    learning_rate: float = Field(default=3e-4, gt=0)
    batch_size: int = Field(default=64, ge=1)
    epochs: float = Field(default=2, gt=0)
    min_steps: int = Field(default=32, ge=0)
    """Batches at least: where these epochs hold fewer, there are more of them."""
    max_length: int = Field(default=64, ge=8)
    """Tokens of a text that are learned from; served, it reads as many as it could before."""
    frozen_layers: int = Field(default=3, ge=0)
    """Lower layers, with the embeddings below them, that stay as they are, and need to be passed only once for each text."""
    temperature: float = Field(default=0.05, gt=0)
    """What likenesses are divided by before they compete: the lower, the more the hardest wrong passages count."""
    hard_negatives: int = Field(default=1, ge=0, le=32)
    """Wrong passages of its own that each question brings into its batch, those that reviewers judged and those mined."""
    near: int = Field(default=8, ge=1)
    """So many questions that are like each other are put into one batch, each other's right passages being hard to tell from
    its own; 1: batches by chance."""
    stay: float = Field(default=1.0, ge=0)
    """How strongly passages' vectors are held near those of the base, so that what was not learned of is found as before; 0:
    they go where they like."""
    share: float = Field(default=1.0, gt=0, le=1)
    """How far the weights go from the base, at 0, to what was trained, at 1. Less forgets less of everything else."""
    lora_rank: int = Field(default=0, ge=0)
    """Above 0: low-rank adapters of this rank are trained instead of the layers themselves, and merged."""
    matryoshka: tuple[Annotated[int, Field(ge=8)], ...] = ()
    """Shorter lengths that vectors are to be of use at as well, such as `[256, 128]`."""


class RerankerRecipe(_Recipe):
    """How the cross-encoder is trained."""

    method: Literal["auto", "on", "off"] = "auto"
    """`"auto"`: where reranking.model is set or the active release has one."""
    batch_size: int = Field(default=16, ge=1)
    epochs: float = Field(default=1, gt=0)
    max_length: int = Field(default=192, ge=8)
    """Tokens of question and passage together."""
    frozen_layers: int = Field(default=2, ge=0)
    """Lower layers, with the embeddings below them, that stay as they are."""


class RouterRecipe(Group):
    """How the classifier of questions is trained, from the routes that reviewers gave: an output layer on the embedding
    model, which stays as it is."""

    method: Literal["auto", "on", "off"] = "auto"
    """`"auto"`: where two routes have rows enough."""
    learning_rate: float = Field(default=3e-2, gt=0)
    """The highest, after the warm-up."""
    batch_size: int = Field(default=32, ge=1)
    """Rows of one step."""
    epochs: float = Field(default=60, gt=0)
    """How often every row is seen, at most."""
    warm_up: float = Field(default=0.1, ge=0, lt=1)
    """Share of the steps in which the learning rate rises."""
    weight_decay: float = Field(default=0.01, ge=0)
    """Of AdamW."""
    patience: int = Field(default=5, ge=1)
    """Epochs without a gain on the validation part before it stops early."""
    seed: int = 0
    """Of all that is drawn by chance."""
    min_rows: int = Field(default=8, ge=2)
    """Rows that a route needs before it is learned; small talk has some built in."""


class GeneratorRecipe(_Recipe):
    """How the language model of the `"local"` generator, or one for vLLM, is trained."""

    method: Literal["auto", "sft", "dpo", "kto", "sft+dpo", "sft+kto", "off"] = "auto"
    """`"sft"` learns corrected and approved answers, `"dpo"` which of two answers is better, `"kto"` from single votes.
    `"auto"`: SFT, then what there are rows for, where generator.kind is `"local"`."""
    base: str | None = None
    """The model to train: hub name or folder. Unset: generator.model, where generator.kind is `"local"`."""
    learning_rate: float = Field(default=2e-4, gt=0)
    preference_learning_rate: float = Field(default=2e-5, gt=0)
    """Of DPO and KTO."""
    beta: float = Field(default=0.1, gt=0)
    """Of DPO and KTO: how near the model stays to what it was."""
    batch_size: int = Field(default=4, ge=1)
    epochs: float = Field(default=3, gt=0)
    accumulate: int = Field(default=2, ge=1)
    """Batches whose gradients make one step."""
    max_length: int = Field(default=2048, ge=32)
    """Tokens of prompt and answer together. Passages that do not answer are left out until a row fits; what answers is never
    cut."""
    min_rows: int = Field(default=20, ge=1)
    """Approved answers below which they are not learned."""
    min_pairs: int = Field(default=20, ge=1)
    """Pairs of a better and a worse answer, or votes of each kind, below which preferences are not learned."""
    lora_rank: int = Field(default=16, ge=0)
    """0: all weights are trained."""
    frozen_layers: int = Field(default=0, ge=0)
    """Lower layers that stay as they are, where all weights are trained."""
    output: Literal["adapter", "merged"] = "adapter"
    """What is kept: the adapter alone, which `generator.adapter` and vLLM load beside the base, or a whole model."""


class RecipeSearch(Group):
    """Looking for better hyperparameters, on the validation part only."""

    budget: str | None = None
    """Time for it in each task of a run, such as `"30m"`. Unset: the recipes are taken as they are."""
    trials: int = Field(default=20, ge=1)
    """Tried at most, within the time."""

    @field_validator("budget")
    @classmethod
    def _is_a_duration(cls, value: str | None) -> str | None:
        if value is not None:
            duration_s(value)
        return value


class Gate(Group):
    """What a candidate must show before it answers."""

    confidence: float = Field(default=0.975, gt=0.5, lt=1)
    """One-sided, of the gain: its lower bound at this confidence must be above 0."""
    general_loss: float = Field(default=0.01, ge=0, lt=1)
    """Share of the quality on general questions that it may lose."""
    abstention_loss: float = Field(default=0.02, ge=0, lt=1)
    """How much precision and recall of abstaining may fall."""
    latency: float = Field(default=1.5, gt=0)
    """How many times the time of the active release it may take at the 95th percentile."""
    min_questions: int = Field(default=30, ge=5)
    """Test questions below which nothing is promoted."""


class Watch(Group):
    """After a promotion."""

    canary: float = Field(default=0.0, ge=0, lt=1)
    """Share of the conversations that a candidate answers first, until there are `canary_votes`; 0: it answers all at
    once."""
    canary_votes: int = Field(default=50, ge=5)
    """Votes on its answers after which a canary is promoted, unless it does worse beyond chance."""
    votes: int = Field(default=20, ge=5)
    """Votes on a new release before its helpful rate is judged."""
    level: float = Field(default=0.01, gt=0, lt=0.5)
    """Chance of rolling back a release that is no worse, over all the times that it is looked at."""
    within: str = "4w"
    """How long a release is watched after its promotion."""

    @field_validator("within")
    @classmethod
    def _is_a_duration(cls, value: str) -> str:
        duration_s(value)
        return value


class Training(Group):
    every: str = "1w"
    """How often `answerloop serve` and `answerloop train --if-due` train, where enough is new. Empty: they never do."""
    min_rows: int = Field(default=30, ge=1)
    """Reviewed rows below which nothing is trained."""
    new_rows: int = Field(default=20, ge=1)
    """Rows reviewed since the last run that make the next one due."""
    base: str | None = None
    """The encoder that training begins with: hub name or folder. Unset: embedding.model. Each run begins with it anew."""
    device: str = "auto"
    """`"cpu"`, `"cuda"`, `"cuda:1"`; `"auto"` takes a GPU where there is one."""
    general: str | None = None
    """Folder of a judged set of other documents, in BEIR layout with a test split, that guards against forgetting beside the
    questions made from documents' headings."""
    keep: int = Field(default=5, ge=2)
    """Releases whose models and index are kept for rollback."""
    data: TrainingData = TrainingData()
    retriever: RetrieverRecipe = RetrieverRecipe()
    reranker: RerankerRecipe = RerankerRecipe()
    router: RouterRecipe = RouterRecipe()
    generator: GeneratorRecipe = GeneratorRecipe()
    search: RecipeSearch = RecipeSearch()
    gate: Gate = Gate()
    watch: Watch = Watch()

    @field_validator("every")
    @classmethod
    def _is_a_duration(cls, value: str) -> str:
        if value:
            duration_s(value)
        return value
