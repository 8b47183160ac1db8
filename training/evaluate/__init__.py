"""Measures retrieval and answers on judged sets. One evaluator for whatever release is asked.

sets.py reads them; retrieval.py searches, and ranking.py scores what is found; answers.py asks a generator, and scores.py
says how it did, by the words (wording.py), the citations, and the confidence, which plot.py draws.
"""

from training.evaluate.answers import Reply, Supports, evaluate_answers, without_marks
from training.evaluate.conversation import evaluate_rewrites, evaluate_searches, read_conversations
from training.evaluate.plot import SUFFIXES as PLOT_SUFFIXES
from training.evaluate.plot import answers_plot, needs_matplotlib
from training.evaluate.ranking import ndcg, ndcg_of_vectors, recall, reciprocal_rank
from training.evaluate.retrieval import evaluate_retrieval, index_beir
from training.evaluate.scores import judged, scores
from training.evaluate.sets import Beir, BeirDocument, read_beir, read_questions
from training.evaluate.wording import bleu, exact_match, f1, holds, needs_scorers, normalised, rouge_l

__all__ = [
    "PLOT_SUFFIXES",
    "Beir",
    "BeirDocument",
    "Reply",
    "Supports",
    "answers_plot",
    "bleu",
    "evaluate_answers",
    "evaluate_retrieval",
    "evaluate_rewrites",
    "evaluate_searches",
    "exact_match",
    "f1",
    "holds",
    "index_beir",
    "judged",
    "ndcg",
    "ndcg_of_vectors",
    "needs_matplotlib",
    "needs_scorers",
    "normalised",
    "read_beir",
    "read_conversations",
    "read_questions",
    "recall",
    "reciprocal_rank",
    "rouge_l",
    "scores",
    "without_marks",
]
