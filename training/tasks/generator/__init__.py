"""The generator's language model learns corrected and approved answers, and from votes which answers are better.

tuning.py       train_generator(): the stages, read it first
base.py         the model as the `local` generator opens it; what is trained of it (LoRA, or layers)
prompts.py      an example -> the prompt that serving writes for it, and its answer with the marks of that prompt
lessons.py      rows for each stage: sft (answers), dpo (pairs), kto (votes); are there enough?
trainers.py     the trainers of transformers and trl
course.py       a stage under way: order, progress, validation, early stopping
measure.py      log-probabilities of answers, and the losses
checkpoints.py  going on after an interruption, without a pickle
saving.py       adapter or whole model
"""

from training.tasks.generator.prompts import Serving
from training.tasks.generator.saving import is_adapter
from training.tasks.generator.tuning import train_generator

__all__ = ["Serving", "is_adapter", "train_generator"]
