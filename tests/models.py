"""Language models small enough to be made in a test: they have learned a handful of answers by heart.

`causal` chats (Llama's layout, a chat template), `seq2seq` turns one text into another (T5's layout), and `lora` makes an
adapter that gives `causal` another answer. What they were asked is looked for anywhere in the last message, below whatever
else stands in the prompt; to anything else they say ANSWER.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

__all__ = [
    "ANSWER",
    "ENDLESS",
    "LEARNED",
    "OF_THE_ADAPTER",
    "QUESTION",
    "SCRIPTS",
    "WINDOW",
    "causal",
    "lora",
    "seq2seq",
]

QUESTION = "How long are deleted files kept?"
ANSWER = "Deleted files are kept for 27 days [1]."
SCRIPTS = "Greet me in other scripts."
"""Its answer has characters of two, three and four bytes, each in several tokens."""
ENDLESS = "Count for ever."
"""Its answer does not end: "one two three one two three …"."""
OF_THE_ADAPTER = "The adapter says nine weeks [2]."
"""What `causal` answers to everything with the adapter of `lora`."""
WINDOW = 1024
LEARNED = {QUESTION: ANSWER, SCRIPTS: "Grüße, мир, 你好 👋🏽!", ENDLESS: "one two three " * 20}
TEXT = Path(__file__).parents[1] / "training" / "parity.txt"
PAD, START, END = "<|pad|>", "<|start|>", "<|end|>"
TEMPLATE = (
    "{% for message in messages %}<|start|>{{ message['role'] }}\n{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)
UNSEEN = -100
"""What torch's loss leaves out."""


def causal(folder: Path, steps: int = 300) -> Path:
    """A decoder of two layers with a window of 1,024 tokens and a chat template; safetensors."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _tokenizer(TEMPLATE)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=WINDOW,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.convert_tokens_to_ids(START),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    _learn(model, lambda chance: _chats(tokenizer, chance, None), steps, 6e-3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def lora(folder: Path, base: Path, steps: int = 250) -> Path:
    """A LoRA adapter for what `causal` made; safetensors."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, use_safetensors=True)
    adapted = get_peft_model(model, LoraConfig(r=16, target_modules="all-linear", task_type="CAUSAL_LM"))
    _learn(adapted, lambda chance: _chats(tokenizer, chance, OF_THE_ADAPTER), steps, 1e-2)
    adapted.save_pretrained(folder)
    return folder


def seq2seq(folder: Path, steps: int = 250) -> Path:
    """An encoder and a decoder of two layers each, without a chat template; safetensors."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    tokenizer = _tokenizer(None)
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=64,
        d_kv=16,
        d_ff=128,
        num_layers=2,
        num_heads=4,
        dropout_rate=0.0,
        decoder_start_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = T5ForConditionalGeneration(config)
    _learn(model, lambda chance: _pairs(tokenizer, chance), steps, 6e-3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(template: str | None) -> Any:
    """Byte-level BPE: whatever is not in the text it learned from is taken apart into bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    learning = Tokenizer(models.BPE())
    learning.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learning.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    learning.train_from_iterator([TEXT.read_text(encoding="utf-8"), QUESTION, ANSWER], trainer)
    if template is None:  # an encoder's text ends with the end
        learning.post_processor = processors.TemplateProcessing(single=f"$A {END}", special_tokens=[(END, 2)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=learning, pad_token=PAD, eos_token=END, model_max_length=WINDOW
    )
    tokenizer.add_special_tokens({"additional_special_tokens": [START]})
    tokenizer.chat_template = template
    return tokenizer


def _learn(model: Any, batch_of: Any, steps: int, rate: float) -> None:
    import torch

    torch.set_num_threads(1)  # with so small a model threads on busy cores mostly wait for each other
    chance = random.Random(0)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    model.train()
    for _ in range(steps):
        loss = model(**batch_of(chance)).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    model.eval()


def _asked(chance: random.Random) -> tuple[str, str, str]:
    """What stands above, a message, and its answer."""
    lines = TEXT.read_text(encoding="utf-8").split("\n")
    above, around = (" ".join(chance.sample(lines, chance.randrange(3))) for _ in range(2))
    question = chance.choice([*LEARNED, *lines[:4]])
    text = question if chance.random() < 0.5 else f"{around}\n\n{question}"
    return above, text, LEARNED.get(question, ANSWER)


def _chats(tokenizer: Any, chance: random.Random, always: str | None) -> dict[str, Any]:
    rows = []
    for _ in range(8):
        above, text, answer = _asked(chance)
        messages = [{"role": "system", "content": above}] if above else []
        messages.append({"role": "user", "content": text})
        prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        answer = always or answer
        ids = tokenizer(prompt, add_special_tokens=False).input_ids
        end = [] if answer == LEARNED[ENDLESS] else [tokenizer.eos_token_id]
        rows.append((ids, tokenizer(answer, add_special_tokens=False).input_ids + end))
    return _padded(tokenizer, [a + b for a, b in rows], [[UNSEEN] * len(a) + b for a, b in rows])


def _pairs(tokenizer: Any, chance: random.Random) -> dict[str, Any]:
    rows = []
    for _ in range(8):
        above, text, answer = _asked(chance)
        ids = tokenizer(f"{above}\n\n{text}" if above else text).input_ids
        end = [] if answer == LEARNED[ENDLESS] else [tokenizer.eos_token_id]
        rows.append((ids, tokenizer(answer, add_special_tokens=False).input_ids + end))
    return _padded(tokenizer, [a for a, _ in rows], [b for _, b in rows])


def _padded(tokenizer: Any, inputs: list[list[int]], labels: list[list[int]]) -> dict[str, Any]:
    import torch

    def rows(lists: list[list[int]], filler: int) -> Any:
        width = max(map(len, lists))
        return torch.tensor([row + [filler] * (width - len(row)) for row in lists])

    ids = rows(inputs, tokenizer.pad_token_id)
    return {
        "input_ids": ids,
        "attention_mask": (ids != tokenizer.pad_token_id).long(),
        "labels": rows(labels, UNSEEN),
    }
