"""Speed of the `pii` scorer beside Presidio, how its cost grows with the text, and what hostile texts cost.

    python -m tests.bench.pii [--open DIR] [--short]

Prints JSON lines. All are given the same texts in one process, one after the other, and are charged CPU time, so that
a second core helps nobody: ``presidio`` is the default ``AnalyzerEngine`` with its spaCy model, ``presidio_batches``
the same in its batch engine, ``presidio_patterns`` pattern recognisers alone without any spaCy pipeline. Texts are made
here (``sparse``: chat with hardly any personal data; ``dense``: several pieces of it in each), or those of the labelled
files under ``DIR/pii``. ``harmwatch bench`` has a short form on its own traffic.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import linear_regression
from time import process_time
from typing import Any

# Before the libraries that read it are imported: one thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from agent.errors import ConfigError
from agent.events import TextPart
from agent.normalize import normalize
from agent.quality.presidio import PATTERNS, analyzer
from agent.quality.rows import read_files
from agent.scoring.base import Batch, ScoringItem
from agent.scoring.pii import PiiScorer
from streams.demo import personal, texts

DEFAULT_TARGET, PATTERNS_TARGET = 200.0, 20.0
"""Ratios of speed that issue 4 asks for, beside the default analyzer and beside its pattern recognisers."""

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
LINEAR = 1.15
"""The largest exponent of time over length that counts as linear; caches alone cost a little."""

HOSTILE = (
    "1", "1-", "1 ", "12345678", "1.1.1.1 ", "4111 ", "4111-1111 ", "+", "+1 (", "00", "a@a.a", "a@", "a@a@", "@",
    ".@.", "[", "([{", "((", "{}", "a:", "::", "1:", "http://", "eyJ", "eyJ.eyJ.", "password=", "password: ",
    "key='", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "AKIA", "sk-", "_", "-", "/", "\\", "x" * 16, "GB82",
    "DE89 3704 ", "0x", "１", "＠", "身份证", "身份证号码1101",
    "Adress号号号号,=--—--GI ", "Address: -----BEGIN ", "://a:", "路1号",
    "微信号：", "姓名：", "京A", "王", "省市区路号",
    "\u200b", "\u0301", "🙂", "\n", " ",
)  # fmt: skip
_FEWEST_SECONDS = 0.1
_ROUNDS = 3

Score = Callable[[Sequence[str]], Any]


def main(arguments: Sequence[str]) -> int:
    """Print a JSON line for each figure; the exit code is 0 whatever they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--open", type=Path, metavar="DIR", help="labelled data: the texts of its pii/ are measured too"
    )
    parser.add_argument("--short", action="store_true", help="fewer texts and sizes: shows that it works")
    args = parser.parse_args(arguments)
    scorer = PiiScorer()
    scorer.warm_up()

    def ours(some: Sequence[str]) -> Any:
        return scorer.score(Batch([ScoringItem(TextPart(text), "input", normalize) for text in some]))

    rivals = presidio_rivals()
    lines = [beside(name, some, ours, rivals) for name, some in corpora(args.open, 32 if args.short else 256).items()]
    for line in lines:
        _print(line)
    _print(pooled(lines))
    for line in growth(ours, SIZES[:4] if args.short else SIZES):
        _print(line)
    for line in hostile(ours, HOSTILE, 10_000 if args.short else 100_000):
        _print(line)
    return 0


def presidio_rivals() -> dict[str, Score]:
    """By name; empty, and said on standard error, where Presidio is not installed."""
    try:
        default, patterns = analyzer()[0], analyzer(PATTERNS)[0]
        from presidio_analyzer import BatchAnalyzerEngine
    except ConfigError as absent:
        sys.stderr.write(f"not beside presidio: {absent}\n")
        return {}
    batches = BatchAnalyzerEngine(default)
    return {
        "presidio": lambda some: [default.analyze(text, language="en") for text in some],
        "presidio_batches": lambda some: list(batches.analyze_iterator(some, language="en", batch_size=len(some))),
        "presidio_patterns": lambda some: [patterns.analyze(text, language="en") for text in some],
    }


def corpora(folder: Path | None, count: int) -> dict[str, list[str]]:
    """Texts by name: made ones, and evenly spread ones of each labelled file."""
    rng = random.Random("pii bench")
    found = {
        f"{kind}_{language}": [make(rng, language) for _ in range(count)]
        for kind, make in (("sparse", _sparse), ("dense", _dense))
        for language in texts.LANGUAGES
    }
    if folder is not None:
        for file in read_files([str(folder / "pii")], "pii", sys.stdin.buffer):
            step = max(len(file.rows) // count, 1)
            found[file.name] = [row.text.encode("utf-8", "replace").decode() for row in file.rows[::step][:count]]
    return found


def _sparse(rng: random.Random, language: texts.Language) -> str:
    if rng.random() < 0.02:
        return texts.leak(rng, language).answer
    exchange = texts.benign(rng, language, rng.choice(texts.TOPICS))
    return f"{exchange.question} {exchange.answer}"


def _dense(rng: random.Random, language: texts.Language) -> str:
    values = {
        "mail": personal.email(rng),
        "mobile": personal.mobile(rng),
        "card": personal.card(rng),
        "id": personal.resident_id(rng),
        "ip": ".".join(str(rng.randrange(1, 255)) for _ in range(4)),
        "phone": f"+44 20 7946 0{rng.randrange(100, 1000)}",  # Ofcom's numbers for drama
        "order": f"{rng.randrange(10**9, 10**10)}",
    }
    if language == "zh":
        form = "客户电话{mobile}，邮箱{mail}，身份证号{id}，银行卡{card}，登录地址{ip}，订单号{order}，请核对。"
    else:
        form = "Mail {mail} or call {phone}; card {card} on file, last login from {ip}, order {order}, please verify."
    return form.format_map(values)


def beside(name: str, some: Sequence[str], ours: Score, rivals: Mapping[str, Score]) -> dict[str, Any]:
    """Texts and megabytes a CPU second of each, and our speed over each rival's."""
    size = sum(len(text.encode("utf-8")) for text in some)
    own = _seconds(ours, some)
    seconds = {"ours": own}
    for rival, score in rivals.items():
        score(some[:8])
        seconds[rival] = _once(score, some)
    return _line(f"beside {name}", len(some), size, seconds)


def pooled(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All the texts as one set."""
    tools = [tool for tool in lines[0] if tool not in ("case", "texts", "bytes")]
    seconds = {tool: sum(line[tool]["cpu_seconds"] for line in lines) for tool in tools}
    return _line("beside, all", sum(line["texts"] for line in lines), sum(line["bytes"] for line in lines), seconds)


def _line(case: str, count: int, size: int, seconds: Mapping[str, float]) -> dict[str, Any]:
    line: dict[str, Any] = {"case": case, "texts": count, "bytes": size}
    for tool, spent in seconds.items():
        line[tool] = _speed(spent, count, size)
        if tool != "ours":
            line[tool]["ratio"] = round(spent / seconds["ours"], 1)
    for rival, target in (("presidio", DEFAULT_TARGET), ("presidio_patterns", PATTERNS_TARGET)):
        if rival in line:
            line[rival] |= {"target": target, "reached": line[rival]["ratio"] >= target}
    return line


def growth(ours: Score, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Cost by the length of one text, in bytes, sparse and dense; and the exponent of time over length, from 1 kB on:
    below that what a text costs by being one stands out.
    """
    rng = random.Random("pii growth")
    for kind, make in (("sparse", _sparse), ("dense", _dense)):
        for language in texts.LANGUAGES:
            whole = ""
            while len(whole.encode("utf-8")) < sizes[-1]:
                whole += " ".join(make(rng, language) for _ in range(500)) + " "
            data = whole.encode("utf-8")
            points: list[tuple[int, float]] = []
            for size in sizes:
                # Short ones many times over, all different, as traffic has them.
                starts = range(0, max(min(len(data) - size, 200 * size), 1), size)
                pieces = [data[at : at + size].decode("utf-8", "ignore") for at in starts]
                points.append((size, _seconds(ours, pieces) / len(pieces)))
            yield {
                "case": f"growth {kind}_{language}",
                "microseconds_by_bytes": {str(size): round(spent * 1e6, 2) for size, spent in points},
                "megabytes_per_second": {str(size): round(size / spent / 1e6, 2) for size, spent in points},
                **growth_exponent(points[1:]),
            }


def hostile(ours: Score, units: Sequence[str], size: int) -> Iterator[dict[str, Any]]:
    """Cost of one unit repeated, at half a length and up to four times the length; then the worst of all."""
    worst: dict[str, Any] = {"exponent": -1.0}
    slowest = math.inf
    for unit in units:
        points = []
        for length in (size // 2, size, 2 * size, 4 * size):
            text = unit * (length // len(unit))
            points.append((len(text.encode("utf-8")), _seconds(ours, [text])))
        speed = round(points[-1][0] / points[-1][1] / 1e6, 2)
        line = {"case": f"hostile {unit!r}", "megabytes_per_second": speed} | growth_exponent(points)
        slowest = min(slowest, speed)
        worst = max(worst, line, key=lambda found: found["exponent"])
        yield line
    yield {
        "case": "hostile, worst of all",
        "slowest_megabytes_per_second": slowest,
        "exponent": worst["exponent"],
        "linear": worst["linear"],
    }


def growth_exponent(points: Sequence[tuple[int, float]]) -> dict[str, Any]:
    """The exponent of time over length of (bytes, seconds), by least squares of the logarithms; is it linear?"""
    lengths, times = zip(*[(math.log(size), math.log(seconds)) for size, seconds in points], strict=True)
    exponent = linear_regression(lengths, times).slope
    return {"exponent": round(exponent, 3), "linear": exponent <= LINEAR}


def _seconds(score: Score, some: Sequence[str]) -> float:
    """CPU seconds for all texts: the best of some rounds, each long enough to be told."""
    score(some[:8])
    spent: list[float] = []
    for _ in range(_ROUNDS):
        times, total = 0, 0.0
        while total < _FEWEST_SECONDS:
            total += _once(score, some)
            times += 1
        spent.append(total / times)
    return min(spent)


def _once(score: Score, some: Sequence[str]) -> float:
    started = process_time()
    score(some)
    return max(process_time() - started, 1e-9)


def _speed(seconds: float, count: int, size: int) -> dict[str, Any]:
    return {
        "cpu_seconds": round(seconds, 6),
        "texts_per_second": round(count / seconds, 1),
        "megabytes_per_second": round(size / seconds / 1e6, 4),
    }


def _print(line: Mapping[str, Any]) -> None:
    print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
