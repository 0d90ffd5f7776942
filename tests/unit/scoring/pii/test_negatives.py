"""Texts full of numbers, names and codes that are nobody's data: the false alarms that users of such tools report."""

from __future__ import annotations

import random
import string
import uuid

from agent.scoring.pii import PiiScorer

COUNT = 2000
BOUND = 0.01  # of the texts may have any hit


def _isbn(rng: random.Random) -> str:
    return f"978-{rng.randrange(10)}-{rng.randrange(100, 999)}-{rng.randrange(10000, 99999)}-{rng.randrange(10)}"


def _digits(rng: random.Random, count: int) -> str:
    return str(rng.randrange(1, 10)) + "".join(rng.choice(string.digits) for _ in range(count - 1))


def _hex(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789abcdef") for _ in range(count))


def _time(rng: random.Random) -> str:
    return (
        f"20{rng.randrange(10, 40)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
        f"{rng.choice(' T')}{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"
    )


def _version(rng: random.Random) -> str:
    return ".".join(str(rng.randrange(20)) for _ in range(rng.choice((3, 4))))


MAKERS = (
    lambda rng: f"request {uuid.UUID(int=rng.getrandbits(128))} took {rng.randrange(1, 999)} ms",
    lambda rng: f'"trace_id": "{_hex(rng, 32)}", "span_id": "{_hex(rng, 16)}"',
    lambda rng: f"commit {_hex(rng, 40)} reverts {_hex(rng, 7)}",
    lambda rng: f"sha256:{_hex(rng, 64)}",
    lambda rng: f"Upgrade to v{_version(rng)} before {_version(rng)} is withdrawn",
    lambda rng: f"请升级到版本{_version(rng)}，旧版本{_version(rng)}不再维护",
    lambda rng: f"[{_time(rng)}.{rng.randrange(1000):03}] worker {rng.randrange(64)} ready, epoch {_digits(rng, 10)}",
    lambda rng: f"会议改到{_time(rng)}，请准时参加，时间戳{_digits(rng, 13)}",
    lambda rng: f"s3://data-lake-prod-{rng.randrange(99)}/year=2024/part-{_digits(rng, 5)}-{_hex(rng, 8)}.parquet",
    lambda rng: f"Buckets C4, S3 and EKS-{rng.randrange(999)} in eu-west-{rng.randrange(1, 4)}",
    lambda rng: f"Order {_digits(rng, rng.randrange(8, 19))} has shipped",
    lambda rng: f"您的订单号{_digits(rng, rng.randrange(10, 20))}已发货，快递单号{_digits(rng, 12)}",
    lambda rng: f"Invoice no. {_digits(rng, 8)}-{_digits(rng, 4)}, total ${rng.randrange(9999)},{_digits(rng, 3)}.00",
    lambda rng: f"发票号码：{_digits(rng, 20)}，金额{rng.randrange(9999)}.{rng.randrange(10, 99)}元",
    lambda rng: f"ISBN {_isbn(rng)}, {rng.randrange(100, 900)} pages",
    lambda rng: f"color: #{_hex(rng, 6)}; background: #{_hex(rng, 8)}",
    lambda rng: (
        f"AAPL {rng.uniform(10, 999):.4f} MSFT {rng.uniform(10, 999):.2f} volume {rng.randrange(10**7, 10**9):,}"
    ),
    lambda rng: f"沪指收于{rng.uniform(2000, 4000):.2f}点，成交{rng.randrange(1000, 9999)}.{rng.randrange(99)}亿元",
    lambda rng: f"Section {_version(rng)} of the standard, table {rng.randrange(9)}.{rng.randrange(99)}",
    lambda rng: f"x = {rng.random():.15f}, y = {-rng.random():.12e}",
    lambda rng: f"MAC {':'.join(_hex(rng, 2) for _ in range(6))}, part {_digits(rng, 4)}-{_digits(rng, 5)}",
    lambda rng: f"The token limit is {rng.randrange(1000, 200000)} and max_tokens={rng.randrange(99999)}",
    lambda rng: (
        f"i={rng.randrange(10**6)} j={rng.randrange(10**6)} sum={rng.randrange(10**9)} n={rng.randrange(10**4)}"
    ),
    lambda rng: f"Serial number {_hex(rng, 12).upper()}, model {_digits(rng, 4)}-{_hex(rng, 4).upper()}",
    lambda rng: f"产品编号{_digits(rng, 12)}，序列号{_hex(rng, 10).upper()}，库存{rng.randrange(999)}件",
    lambda rng: f"pip install package=={_version(rng)} --hash={_hex(rng, 32)} icon@{rng.randrange(2, 4)}x.png",
    lambda rng: (
        f"Flight CA{rng.randrange(100, 9999)} gate {rng.randrange(60)}, seat {rng.randrange(40)}F, {_time(rng)}"
    ),
    lambda rng: (
        f"Population {rng.randrange(10**6, 10**9)} in {rng.randrange(1900, 2024)}, up {rng.uniform(0, 9):.3f} %"
    ),
    lambda rng: f"坐标 {rng.uniform(70, 130):.6f},{rng.uniform(3, 53):.6f}，海拔{rng.randrange(5000)}米",
)


def texts() -> list[str]:
    rng = random.Random(20_260_101)
    return [MAKERS[index % len(MAKERS)](rng) for index in range(COUNT)]


def test_false_alarms_are_rare() -> None:
    scorer = PiiScorer()
    hits = [(text, row.explanation) for text in texts() if (row := scorer.score_text(text)).spans]
    assert len(hits) <= BOUND * COUNT, hits[:20]


def test_bare_random_numbers() -> None:
    """Without any word around them, sixteen random digits pass as a card only by issuer, length and check digit."""
    rng = random.Random(7)
    scorer = PiiScorer(types=["CARD", "NATIONAL_ID", "BANK_ACCOUNT"])
    hits = sum(bool(scorer.score_text(_digits(rng, rng.randrange(9, 20))).spans) for _ in range(5000))
    assert hits <= 0.03 * 5000
