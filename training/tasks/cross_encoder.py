"""An encoder with its output layer replaced by one that says whether a passage answers. Read train() first."""

from __future__ import annotations

import hashlib
import random
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.conversion import local_model, packaged, replacing
from training.tasks.layers import freeze
from training.tasks.pairs import (
    Judged,
    Recipe,
    Row,
    best_weight,
    combined_ndcg,
    crossed_ndcg,
    rows_of,
    schedule,
)
from training.tasks.resuming import Checkpoint, read_checkpoint, restore, write_checkpoint
from training.tasks.task import Nobody, Refused, Watcher, device_of

__all__ = ["Trained", "train"]


@dataclass(frozen=True, slots=True)
class Trained:
    before: float
    """nDCG@10 of the fused order, on the held-out questions."""
    after: float
    """With the model and the weight chosen on the same questions: somewhat too good."""
    weight: float
    rows: int
    step: int
    """After which the weights were kept."""
    crossed: float
    """As `after`, each half of the questions with the weight that is best for the other: what can be expected."""
    alone: float
    """As `after`, ordered by the model alone."""


def train(
    training: Sequence[Judged],
    validation: Sequence[Judged],
    recipe: Recipe,
    out: Path,
    *,
    device: str = "auto",
    watcher: Watcher | None = None,
    checkpoints: Path | None = None,
    least_gain: float = -1.0,
) -> Trained:
    """Write a cross-encoder to `out`, with the weight it is best combined with: whole, or not at all.

    checkpoints: a folder that an interrupted training goes on from; None: it begins anew. least_gain: of `crossed` over
    `before`; what gains no more is not kept.

    Raises:
        NotReady: the base model cannot be loaded, or has fewer layers than are to be frozen.
        Refused: there is nothing to learn from, or nothing was gained.
    """
    watcher = watcher or Nobody()
    # 1. Pairs: the passage that answers, and what retrieval took for an answer.
    rows = rows_of(training, recipe)
    asked = random.Random(recipe.seed).sample(list(validation), min(len(validation), recipe.validated))
    if not rows or len(asked) < 2:
        raise Refused(
            "There is nothing to learn from: retrieval finds no passage that is judged to answer; review more questions."
        )
    # 2. The base model with a new output layer, its lower layers frozen.
    model = _model(recipe, device_of(device))
    # 3. Train; of all evaluations the best weights are kept.
    order = schedule(rows, recipe)
    best = _Best(model, asked, recipe, watcher, _digest(recipe, order, asked), checkpoints)
    if best.at.without_gain < recipe.patience and best.at.step * recipe.batch_size < len(order):
        _learn(model, order, -(-len(rows) // recipe.batch_size), recipe, best)
    # 4. Weigh what was best against the fused score.
    trained = best.weighed(len(rows))
    if not trained.crossed - trained.before > least_gain:
        raise Refused(
            f"The reranker is not kept: on held-out questions its nDCG@10 is {trained.crossed}, that of the order without "
            f"it {trained.before}; review more questions."
        )
    # 5. Write it, with that weight.
    model.model.config.answerloop = {"weight": trained.weight}
    with replacing(out) as work:
        # The generated card shows rows of the training data.
        model.save_pretrained(str(work), create_model_card=False)
        (work / "README.md").write_text(_card(recipe, trained, training), encoding="utf-8")
    return trained


def _digest(recipe: Recipe, order: Sequence[Row], asked: Sequence[Judged]) -> str:
    """Of what is trained on and how."""
    return hashlib.sha256(repr((recipe, list(order), list(asked))).encode("utf-8", "replace")).hexdigest()


def _learn(model: Any, order: Sequence[Row], epoch: int, recipe: Recipe, best: _Best) -> None:
    """From where the checkpoint stands on. epoch: steps of one."""
    from datasets import Dataset
    from sentence_transformers.cross_encoder import CrossEncoderTrainer, CrossEncoderTrainingArguments
    from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss

    steps = -(-len(order) // recipe.batch_size)
    left = order[best.at.step * recipe.batch_size :]
    data = Dataset.from_list([{"question": r.question, "passage": r.passage, "label": r.label} for r in left])
    with tempfile.TemporaryDirectory() as scratch:
        arguments = CrossEncoderTrainingArguments(
            scratch,
            num_train_epochs=1,  # all epochs are in the rows, one behind the other
            per_device_train_batch_size=_share(recipe.batch_size, model.device.type),
            batch_sampler=_in_order,
            bf16=recipe.bf16,
            use_cpu=model.device.type == "cpu",
            seed=recipe.seed,
            save_strategy="no",  # a checkpoint of the trainer would be a pickle
            logging_steps=max(1, epoch // 10),
            disable_tqdm=True,
            report_to="none",
        )
        optimizers = _optimizers(model, recipe, steps, best.at.step)
        trainer = CrossEncoderTrainer(
            model=model,
            args=arguments,
            train_dataset=data,
            loss=BinaryCrossEntropyLoss(model),
            optimizers=optimizers,
            callbacks=[best.callback(max(1, epoch // recipe.evaluations), steps, optimizers[0])],
        )
        from transformers.trainer_callback import PrinterCallback

        trainer.remove_callback(PrinterCallback)
        trainer.train()


def _share(batch_size: int, device: str) -> int:
    """Of a batch, what one device takes: the trainer uses all the GPUs it sees."""
    import torch

    return batch_size if device == "cpu" else max(1, batch_size // max(1, torch.cuda.device_count()))


def _in_order(dataset: Any, batch_size: int, drop_last: bool, **_: Any) -> Any:
    from sentence_transformers.base.sampler import DefaultBatchSampler
    from torch.utils.data import SequentialSampler

    return DefaultBatchSampler(SequentialSampler(dataset), batch_size=batch_size, drop_last=drop_last)


def _optimizers(model: Any, recipe: Recipe, steps: int, done: int) -> tuple[Any, Any]:
    """AdamW, and a rate that rises and then falls to zero, both in lines."""
    import torch

    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in learning if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in learning if p.ndim <= 1], "weight_decay": 0.0},  # biases, normalisation
    ]
    optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate)
    rising = max(1, round(steps * recipe.warm_up))

    def rate(step: int) -> float:
        at = step + done
        return min((at + 1) / rising, max(0.0, (steps - at) / max(1, steps - rising)))

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, rate)


def _card(recipe: Recipe, trained: Trained, training: Sequence[Judged]) -> str:
    sets = ", ".join(sorted({question.group for question in training}))
    said = "\n".join(f"| {name} | {value} |" for name, value in asdict(recipe).items())
    return (
        "---\nlibrary_name: sentence-transformers\npipeline_tag: text-ranking\n"
        f"base_model: {recipe.base}\n---\n\n# Reranker\n\n"
        f"A cross-encoder of {recipe.base}, trained by training/tasks/reranker.py of answerloop on {trained.rows} pairs of "
        f"{len(training)} questions ({sets}); their licences apply. nDCG@10 on held-out questions: {trained.before} "
        f"before, {trained.after} with a weight of {trained.weight} that was chosen on the same questions, "
        f"{trained.crossed} with weights chosen on others. Kept are the weights after step {trained.step}.\n\n"
        f"| setting | value |\n| --- | --- |\n{said}\n"
    )


def _model(recipe: Recipe, device: str) -> Any:
    from transformers import set_seed

    with local_model(f"The base model {recipe.base}"):
        from sentence_transformers import CrossEncoder

        set_seed(recipe.seed)
        model = CrossEncoder(
            packaged(recipe.base) or recipe.base,
            num_labels=1,
            max_length=recipe.window,
            device=device,
            model_kwargs={"use_safetensors": True, "dtype": "float32"},
        )
    freeze(model.model.base_model, recipe.frozen_layers)
    return model


class _Best:
    """The weights of the best evaluation, in memory and in the checkpoint.

    Best is what the model orders best alone. With the best weight against the fused score a model that has learned
    nothing gains by chance as much as one that has learned a little.
    """

    def __init__(
        self,
        model: Any,
        asked: Sequence[Judged],
        recipe: Recipe,
        watcher: Watcher,
        digest: str,
        checkpoints: Path | None,
    ) -> None:
        self._model = model
        self._asked = asked
        self._recipe = recipe
        self._watcher = watcher
        self._checkpoints = checkpoints
        self._learning = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.at: Checkpoint
        self.at, self._tensors = read_checkpoint(checkpoints, digest)

    def restore(self, optimizer: Any) -> None:
        """Weights, optimiser and chance to where training stopped."""
        restore(self._tensors, self._learning, optimizer)
        self._tensors = {}

    def callback(self, every: int, steps: int, optimizer: Any) -> Any:
        from transformers import TrainerCallback

        best, done = self, self.at.step

        class Evaluate(TrainerCallback):  # type: ignore[misc]
            def on_step_begin(self, *_: Any, **__: Any) -> None:
                best.restore(optimizer)  # no sooner: until here the trainer draws numbers of its own

            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                best.at.step = done + state.global_step
                best._watcher.step("Training the reranker", best.at.step, steps)
                if best.at.step % every == 0 or state.global_step == state.max_steps:
                    control.should_training_stop |= best.evaluate(optimizer)

            def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
                if "loss" in (logs or {}):
                    best._watcher.point("reranker loss", done + state.global_step, float(logs["loss"]))

        return Evaluate()

    def evaluate(self, optimizer: Any) -> bool:
        """Whether it is time to stop."""
        probabilities = self._probabilities()
        at = self.at
        sound = all(np.isfinite(p).all() for p in probabilities)
        alone = combined_ndcg(self._asked, probabilities, 1.0) if sound else -1.0
        self._watcher.point("reranker nDCG@10", at.step, alone)
        at.without_gain = 0 if alone > at.best else at.without_gain + 1
        if sound and alone >= at.best:  # of equals the later: it has learned from more
            at.best, at.best_step = alone, at.step
            at.kept = {name: parameter.detach().clone() for name, parameter in self._learning.items()}
        if self._checkpoints:
            write_checkpoint(self._checkpoints, at, self._learning, optimizer)
        return at.without_gain >= self._recipe.patience

    def weighed(self, rows: int) -> Trained:
        """The model is left with the best weights."""
        import torch

        if not self.at.kept:
            raise Refused("The reranker's training diverged; lower training.reranker.learning_rate.")
        with torch.no_grad():
            for name, tensor in self.at.kept.items():
                self._learning[name].copy_(tensor)
        found, asked = self._probabilities(), self._asked
        weight = best_weight(asked, found)
        orders = (combined_ndcg(asked, found, share) for share in (0.0, weight, 1.0))
        before, after, alone = (round(order, 4) for order in orders)
        crossed = round(crossed_ndcg(asked, found), 4)
        return Trained(before, after, weight, rows, self.at.best_step, crossed, alone)

    def _probabilities(self) -> list[NDArray[np.float32]]:
        import torch

        depth = self._recipe.depth
        pairs = [(j.question, passage) for j in self._asked for passage in j.passages[:depth]]
        self._model.eval()
        device = self._model.device.type
        with torch.autocast(device, torch.bfloat16, enabled=self._recipe.bf16):
            scored = self._model.predict(pairs, activation_fn=torch.nn.Sigmoid(), show_progress_bar=False)
        self._model.train()
        ends = np.cumsum([len(j.passages[:depth]) for j in self._asked])
        return np.split(np.asarray(scored, np.float32), ends[:-1])
