"""Prompts as applications put them into a user's message, and the same prompts with an order in document or question.

Retrieval, translation, extraction, classification, SQL, transcripts, instruct formats, few-shot examples, tools, and
pages that talk about prompts. The frame is the same in both classes; what differs is what stands in its open places.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from agent.models.attacks import application_chinese, application_english
from agent.models.attacks.data_texts import data_text
from agent.models.attacks.pieces import Pieces, Pools, fill

__all__ = ["application_text"]

_OWN: dict[str, Pools] = {"en": application_english.POOLS, "zh": application_chinese.POOLS}


def _sentence(pieces: Pieces, name: str, label: int, rng: random.Random) -> str:
    pools = pieces.pools(label)
    return fill(rng.choice(pools[name]), pools, rng)


def _order(pieces: Pieces, place: str, rng: random.Random) -> str:
    """What an attacker writes into an open place."""
    own = _OWN[pieces.lang]
    chance = rng.random()
    if chance < 0.25:
        return fill(rng.choice(own["order"]), {**pieces.pools(1), **own}, rng)
    if place == "document" and chance < 0.5:
        return _sentence(pieces, "tool", 1, rng)
    return fill("{open}{then}" if chance < 0.8 else "{direct}", pieces.pools(1), rng)


def _document(pieces: Pieces, order: str, rng: random.Random) -> str:
    """One to six sentences, or data; words that attacks like stand in harmless ones too."""
    if rng.random() < 0.15:
        return data_text(pieces, order or rng.choice(("", _sentence(pieces, "trigger", 0, rng))), rng)[:1500]
    said = [
        _sentence(pieces, rng.choices(("fact", "tool", "trigger"), (6, 2, 2))[0], 0, rng)
        for _ in range(rng.randint(1, 6))
    ]
    if order:
        said.insert(rng.randint(0, len(said)), order)
    return rng.choice((pieces.space, pieces.space, "\n")).join(said)


def _question(pieces: Pieces, order: str, rng: random.Random) -> str:
    """What a user asks; where that is an attack an ordinary question may stand before it."""
    asked = _sentence(pieces, rng.choice(("plain", "trigger")), 0, rng)
    if not order:
        return asked
    return pieces.space.join([asked, order]) if rng.random() < 0.35 else order


def _plain(task: str, parts: list[tuple[str, str]], cue: str, rng: random.Random) -> str:
    glue = rng.choice(("\n", "\n\n", "\n"))
    joint = rng.choice((":\n", ": ", ":\n\n"))
    return glue.join([task, *(f"{name}{joint}{body}" for name, body in parts), *([cue] if cue else [])])


def _fenced(task: str, parts: list[tuple[str, str]], cue: str, rng: random.Random) -> str:
    mark = rng.choice(('"""', "```", "---", "====", "<<<", "###"))
    return "\n".join([task, *(f"{name}:\n{mark}\n{body}\n{mark}" for name, body in parts), *([cue] if cue else [])])


def _tagged(task: str, parts: list[tuple[str, str]], cue: str, rng: random.Random) -> str:
    names = rng.sample(("document", "input", "text", "context", "query", "question", "data", "source"), len(parts))
    bodies = [f"<{name}>{glue}{body}{glue}</{name}>" for name, (_, body), glue in zip(
        names, parts, [rng.choice(("", "\n"))] * len(parts), strict=True)]  # fmt: skip
    return "\n".join([task, *bodies])


def _instruct(task: str, parts: list[tuple[str, str]], cue: str, rng: random.Random) -> str:
    order, given, answer = rng.choice((
        ("### Instruction", "### Input", "### Response"), ("### 指令", "### 输入", "### 回答"),
        ("## Task", "## Input", "## Output"), ("# Instructions", "# Text", "# Answer"),
        ("### System", "### User", "### Assistant"), ("[INST]", "", "[/INST]"), ("<<SYS>>", "<</SYS>>", ""),
        ("<|system|>", "<|user|>", "<|assistant|>"), ("【任务】", "【内容】", "【回答】"),
    ))  # fmt: skip
    colon = ":" if order.startswith("#") and rng.random() < 0.8 else ""
    body = "\n".join(text for _, text in parts)
    glue = rng.choice(("\n", "\n\n"))
    return glue.join(
        part for part in (f"{order}{colon}\n{task}", f"{given}{colon}\n{body}" if given else body,
                          f"{answer}{colon}" if answer else "") if part
    )  # fmt: skip


def _transcript(task: str, parts: list[tuple[str, str]], cue: str, rng: random.Random) -> str:
    """A conversation, perhaps to be continued or rewritten; the last part is its last question."""
    user, model = rng.choice((
        ("Human", "Assistant"), ("User", "Assistant"), ("Q", "A"), ("Customer", "Agent"), ("用户", "助手"),
        ("问", "答"), ("客户", "客服"), ("User", "Bot"), ("Human", "AI"), ("Alice", "Bob"),
    ))  # fmt: skip
    *before, (_, last) = parts
    turns = [f"{(user, model)[place % 2]}: {body}" for place, (_, body) in enumerate(before)]
    glue = rng.choice(("\n", "\n\n"))
    head = [task] if rng.random() < 0.7 else []
    return glue.join([*head, *turns, f"{user}: {last}", f"{model}:"])


def _messages(task: str, parts: list[tuple[str, str]], cue: str, rng: random.Random) -> str:
    body = "\n".join(text for _, text in parts)
    if rng.random() < 0.5:
        rows = [{"role": "system", "content": task}, {"role": "user", "content": body}]
        return json.dumps(rng.choice((rows, {"messages": rows})), ensure_ascii=False)
    return f"<|im_start|>system\n{task}<|im_end|>\n<|im_start|>user\n{body}<|im_end|>\n<|im_start|>assistant"


_FORMS: tuple[tuple[Callable[[str, list[tuple[str, str]], str, random.Random], str], int], ...] = (
    (_plain, 6), (_fenced, 3), (_tagged, 2), (_instruct, 3), (_transcript, 3), (_messages, 1),
)  # fmt: skip


def _examples(pieces: Pieces, rng: random.Random) -> list[str]:
    """Few-shot examples, as lines."""
    own = _OWN[pieces.lang]
    heads = rng.choice((("Input", "Output"), ("Q", "A"), ("Text", "Label"), ("输入", "输出"), ("文本", "标签")))
    return [
        f"{heads[0]}: {_sentence(pieces, rng.choice(('fact', 'plain', 'trigger')), 0, rng)}\n"
        f"{heads[1]}: {rng.choice(own['label'])}"
        for _ in range(rng.randint(1, 4))
    ]


def application_text(pieces: Pieces, label: int, rng: random.Random) -> str:
    """One prompt. `label` 1: an order stands in its document or in its question, whatever the frame says.

    Harmless prompts are sometimes a frame alone (what a system message is made of), or speak about prompts and attacks.
    """
    own = _OWN[pieces.lang]
    pools = {**pieces.pools(0), **own}
    if not label and rng.random() < 0.12:
        return pieces.space.join(fill(rng.choice(own["about"]), pools, rng) for _ in range(rng.choice((1, 1, 2, 3))))
    task = [fill(rng.choice(own["task"]), pools, rng)]
    if rng.random() < 0.5:
        task.insert(0, fill(rng.choice(own["role"]), pools, rng))
    task += [fill(rule, pools, rng) for rule in rng.sample(own["rule"], rng.choice((0, 1, 1, 2, 3, 5)))]
    if rng.random() < 0.12:
        task.append("\n" + "\n".join(_examples(pieces, rng)))
    if rng.random() < 0.08:
        task.append(fill(rng.choice(own["tools"]), pools, rng))
    frame = rng.choice((pieces.space, pieces.space, "\n", "\n- ")).join(task)
    if rng.random() < 0.1:
        frame = "\n".join(f"{number}. {rule}" for number, rule in enumerate(task, start=1))
    if not label and rng.random() < 0.12:
        return frame
    place = rng.choice(("document", "document", "question"))
    order = _order(pieces, place, rng) if label else ""
    parts = []
    if place == "document" or rng.random() < 0.5:
        parts.append((rng.choice(own["given"]), _document(pieces, order if place == "document" else "", rng)))
    if place == "question" or rng.random() < 0.4:
        parts.append((rng.choice(own["asked"]), _question(pieces, order if place == "question" else "", rng)))
    cue = rng.choice(own["cue"]) if rng.random() < 0.4 else ""
    form = rng.choices([form for form, _ in _FORMS], [weight for _, weight in _FORMS])[0]
    if form is _transcript:
        for _ in range(rng.choice((0, 1, 1, 2))):
            parts[:0] = [("", _question(pieces, "", rng)), ("", _sentence(pieces, "fact", 0, rng))]
    return form(frame, parts, cue, rng)
