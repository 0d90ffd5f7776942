"""Ordinary texts, English and Chinese, full of numbers, names and codes that are nobody's data.

They are made, not collected: each has what users of such tools report as false alarms, with values drawn anew.
"""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable, Iterator

from agent.scoring.pii.checksums import luhn

__all__ = ["MAKERS", "digits_of", "negative_texts"]


def digits_of(rng: random.Random, count: int) -> str:
    """So many random digits, the first of them not 0."""
    return str(rng.randrange(1, 10)) + "".join(rng.choice(string.digits) for _ in range(count - 1))


def _hex(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789abcdef") for _ in range(count))


def _letters(rng: random.Random, count: int) -> str:
    return "".join(rng.choice(string.ascii_uppercase) for _ in range(count))


def _date(rng: random.Random, sign: str = "-") -> str:
    return f"20{rng.randrange(10, 40)}{sign}{rng.randrange(1, 13):02}{sign}{rng.randrange(1, 29):02}"


def _clock(rng: random.Random) -> str:
    return f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"


def _time(rng: random.Random) -> str:
    return f"{_date(rng)}{rng.choice(' T')}{_clock(rng)}"


def _version(rng: random.Random) -> str:
    return ".".join(str(rng.randrange(20)) for _ in range(rng.choice((3, 4))))


def _ean(rng: random.Random, first: str, size: int = 13) -> str:
    """GS1 General Specifications, section 7.9: with its check digit, as it stands on goods and books."""
    body = first + "".join(rng.choice(string.digits) for _ in range(size - 1 - len(first)))
    total = sum(int(c) * (3 if place % 2 == 0 else 1) for place, c in enumerate(reversed(body)))
    return body + str(-total % 10)


def _isbn(rng: random.Random) -> str:
    number = _ean(rng, "978")
    return f"{number[:3]}-{number[3]}-{number[4:7]}-{number[7:12]}-{number[12]}"


def _imei(rng: random.Random) -> str:
    """3GPP TS 23.003, section 6.2.1: with its check digit, which is that of cards."""
    body = "35" + "".join(rng.choice(string.digits) for _ in range(12))
    return next(body + last for last in string.digits if luhn(body + last))


def _base64(rng: random.Random, count: int) -> str:
    return base64.b64encode(rng.randbytes(count)).decode()


def _measurements(rng: random.Random) -> str:
    rows = (
        f"{step},{rng.uniform(-40, 90):.3f},{rng.uniform(900, 1100):.2f},{rng.randrange(10**5)}" for step in range(6)
    )
    return "\n".join(("step,celsius,hectopascal,count", *rows))


def _stock_table(rng: random.Random) -> str:
    rows = (
        f"{_letters(rng, 4)}  {rng.uniform(1, 900):.2f}  {rng.uniform(-9, 9):+.2f}%  {rng.randrange(10**7):,}"
        for _ in range(4)
    )
    return "\n".join(("Ticker  Close  Change  Volume", *rows))


def _moves(rng: random.Random) -> str:
    squares = (
        f"{rng.choice(('', 'N', 'B', 'R', 'Q'))}{rng.choice('abcdefgh')}{rng.randrange(1, 9)}" for _ in range(16)
    )
    pairs = list(squares)
    return " ".join(f"{turn + 1}. {pairs[2 * turn]} {pairs[2 * turn + 1]}" for turn in range(8))


def _formula(rng: random.Random) -> str:
    return f"C{rng.randrange(1, 40)}H{rng.randrange(1, 80)}N{rng.randrange(1, 9)}O{rng.randrange(1, 12)}"


def _log_line(rng: random.Random) -> str:
    level = rng.choice(("INFO", "WARN", "ERROR", "DEBUG"))
    return (
        f"{_time(rng)}.{rng.randrange(1000):03} {level} [pool-{rng.randrange(9)}-thread-{rng.randrange(99)}] "
        f"c.e.Job:{rng.randrange(999)} - done {rng.randrange(10**6)} of {rng.randrange(10**7)} rows, offset "
        f"{rng.randrange(10**11)}"
    )


Maker = Callable[[random.Random], str]

_CODES: tuple[Maker, ...] = (
    lambda rng: f"request {uuid.UUID(int=rng.getrandbits(128))} took {rng.randrange(1, 999)} ms",
    lambda rng: f'"trace_id": "{_hex(rng, 32)}", "span_id": "{_hex(rng, 16)}"',
    lambda rng: f"commit {_hex(rng, 40)} reverts {_hex(rng, 7)}",
    lambda rng: f"{_hex(rng, 7)}..{_hex(rng, 7)}  main -> origin/main, {rng.randrange(99)} files changed",
    lambda rng: f"index {_hex(rng, 7)}..{_hex(rng, 7)} 100644\n@@ -{rng.randrange(999)},7 +{rng.randrange(999)},9 @@",
    lambda rng: f"sha256:{_hex(rng, 64)}",
    lambda rng: f"md5 {_hex(rng, 32)}  release-{_version(rng)}.tar.gz",
    lambda rng: f"Upgrade to v{_version(rng)} before {_version(rng)} is withdrawn",
    lambda rng: f"请升级到版本{_version(rng)}，旧版本{_version(rng)}不再维护",
    lambda rng: f"[{_time(rng)}.{rng.randrange(1000):03}] worker {rng.randrange(64)} ready, epoch {digits_of(rng, 10)}",
    _log_line,
    lambda rng: f"会议改到{_time(rng)}，请准时参加，时间戳{digits_of(rng, 13)}",
    lambda rng: f"s3://data-lake-prod-{rng.randrange(99)}/year=2024/part-{digits_of(rng, 5)}-{_hex(rng, 8)}.parquet",
    lambda rng: f"Buckets C4, S3 and EKS-{rng.randrange(999)} in eu-west-{rng.randrange(1, 4)}",
    lambda rng: f"color: #{_hex(rng, 6)}; background: #{_hex(rng, 8)}",
    lambda rng: f"MD5 {':'.join(_hex(rng, 2) for _ in range(16))}, part {digits_of(rng, 4)}-{digits_of(rng, 5)}",
    lambda rng: f"The token limit is {rng.randrange(1000, 200000)} and max_tokens={rng.randrange(99999)}",
    lambda rng: (
        f"i={rng.randrange(10**6)} j={rng.randrange(10**6)} sum={rng.randrange(10**9)} n={rng.randrange(10**4)}"
    ),
    lambda rng: f"pip install package=={_version(rng)} --hash={_hex(rng, 32)} icon@{rng.randrange(2, 4)}x.png",
    lambda rng: f"data:image/png;base64,{_base64(rng, 90)}",
    lambda rng: f"Section {_version(rng)} of the standard, table {rng.randrange(9)}.{rng.randrange(99)}",
    lambda rng: (
        f"RFC {rng.randrange(1000, 9999)} section {rng.randrange(9)}.{rng.randrange(9)}, CVE-2024-{digits_of(rng, 5)}"
    ),
    lambda rng: f"0x{_hex(rng, 16)} 0x{_hex(rng, 8)}: mov eax, {rng.randrange(10**6)}",
    lambda rng: (
        f"doi:10.{digits_of(rng, 4)}/{_letters(rng, 3).lower()}.{digits_of(rng, 7)}, "
        f"arXiv {digits_of(rng, 4)}.{digits_of(rng, 5)}"
    ),
    lambda rng: f"partition {rng.randrange(99)} offset {rng.randrange(10**12)} lag {rng.randrange(10**6)}",
)
"""What machines write."""

_GOODS: tuple[Maker, ...] = (
    lambda rng: f"Order {digits_of(rng, rng.randrange(8, 19))} has shipped",
    lambda rng: f"Order no. {digits_of(rng, 3)}-{digits_of(rng, 7)}-{digits_of(rng, 7)} arrives on {_date(rng)}",
    lambda rng: f"Your order number is {digits_of(rng, 3)}-{digits_of(rng, 3)}-{digits_of(rng, 4)}, please keep it",
    lambda rng: f"Tracking number 1Z{_hex(rng, 6).upper()}{digits_of(rng, 10)}, parcel {digits_of(rng, 12)}",
    lambda rng: (
        f"Invoice no. {digits_of(rng, 8)}-{digits_of(rng, 4)}, total ${rng.randrange(9999)},{digits_of(rng, 3)}.00"
    ),
    lambda rng: (
        f"Invoice {_letters(rng, 2)}{digits_of(rng, 8)} of {_date(rng, '/')}, "
        f"net {rng.randrange(9999)}.{rng.randrange(10, 99)} EUR"
    ),
    lambda rng: f"ISBN {_isbn(rng)}, {rng.randrange(100, 900)} pages",
    lambda rng: f"EAN {_ean(rng, '40')}, UPC {_ean(rng, '0', 12)}, {rng.randrange(500)} in stock",
    lambda rng: f"IMEI {_imei(rng)}, firmware {_version(rng)}",
    lambda rng: f"barcode {_ean(rng, '690')} scanned at {_clock(rng)}",
    lambda rng: f"Serial number {_hex(rng, 12).upper()}, model {digits_of(rng, 4)}-{_hex(rng, 4).upper()}",
    lambda rng: (
        f"Part {_letters(rng, 3)}-{digits_of(rng, 6)}-{_letters(rng, 1)} "
        f"fits models {_letters(rng, 2)}{digits_of(rng, 4)}{_letters(rng, 1)}"
    ),
    lambda rng: (
        f"SKU {_letters(rng, 1)}{digits_of(rng, 7)}{_letters(rng, 1)} "
        f"and SKU {_letters(rng, 5)}{digits_of(rng, 4)}{_letters(rng, 1)}"
    ),
    lambda rng: f"Batch {_letters(rng, 2)}{digits_of(rng, 6)}{_letters(rng, 1)}, best before {_date(rng)}",
    lambda rng: (
        f"Only ${rng.randrange(10, 999)}.{rng.randrange(10, 99)} instead "
        f"of ${rng.randrange(1000, 9999)}, code SAVE{rng.randrange(99)}"
    ),
    lambda rng: (
        f"Flight CA{rng.randrange(100, 9999)} gate {rng.randrange(60)}, seat {rng.randrange(40)}F, {_time(rng)}"
    ),
    lambda rng: (
        f"Train {rng.randrange(100, 999)} leaves at {_clock(rng)[:5]} "
        f"from platform {rng.randrange(20)}, coach {rng.randrange(12)}"
    ),
    lambda rng: f"Case {rng.randrange(1, 24)}-cv-{digits_of(rng, 5)}, ticket #{digits_of(rng, 7)} closed",
    lambda rng: f"Patent US {digits_of(rng, 8)} B2, application {digits_of(rng, 2)}/{digits_of(rng, 6)}",
)
"""What is bought, sent and booked."""

_FIGURES: tuple[Maker, ...] = (
    lambda rng: (
        f"AAPL {rng.uniform(10, 999):.4f} MSFT {rng.uniform(10, 999):.2f} volume {rng.randrange(10**7, 10**9):,}"
    ),
    _stock_table,
    _measurements,
    lambda rng: f"x = {rng.random():.15f}, y = {-rng.random():.12e}",
    lambda rng: (
        f"Population {rng.randrange(10**6, 10**9)} in {rng.randrange(1900, 2024)}, up {rng.uniform(0, 9):.3f} %"
    ),
    lambda rng: (
        f"Star HD {digits_of(rng, 6)}: RA {rng.randrange(24):02}h {rng.randrange(60):02}m {rng.uniform(0, 60):.2f}s, "
        f"Dec {rng.randrange(-90, 90):+03}° {rng.randrange(60):02}′ {rng.uniform(0, 60):.1f}″"
    ),
    _moves,
    lambda rng: (
        f"Final score {rng.randrange(80, 130)}-{rng.randrange(80, 130)}, "
        f"quarters 28-31, 25-{rng.randrange(40)}, 30-{rng.randrange(40)}"
    ),
    lambda rng: (
        f"Won 6-{rng.randrange(5)}, 7-6 ({rng.randrange(7)}), {rng.randrange(7)}-6 in {rng.randrange(60, 240)} minutes"
    ),
    lambda rng: (
        f"{_formula(rng)} reacts with {_formula(rng)}, CAS {digits_of(rng, 5)}-{digits_of(rng, 2)}-{rng.randrange(10)}"
    ),
    lambda rng: (
        f"Between {rng.randrange(1500, 2000)} and {rng.randrange(2000, 2024)} "
        f"it grew from {rng.randrange(10**4):,} to {rng.randrange(10**7):,}"
    ),
    lambda rng: f"matrix [{' '.join(str(rng.randrange(1000)) for _ in range(9))}] rank {rng.randrange(9)}",
    lambda rng: f"Sequence {' '.join(str(rng.randrange(10)) for _ in range(rng.randrange(5, 16)))} repeats",
    lambda rng: f"pi is 3.{digits_of(rng, 30)} or so, e is 2.{digits_of(rng, 18)}",
    lambda rng: f"{rng.randrange(10**3, 10**4)} × {rng.randrange(10**3, 10**4)} = {rng.randrange(10**7, 10**8)}",
    lambda rng: (
        f"Rated {rng.randrange(5)}.{rng.randrange(10)} by {rng.randrange(10**5):,} readers since {_date(rng, '.')}"
    ),
    lambda rng: (
        f"Isotope U-{rng.randrange(230, 240)}, half-life "
        f"{rng.uniform(1, 9):.3f}e{rng.randrange(9)} years, {rng.uniform(1, 99):.4f} MeV"
    ),
)
"""What is measured, counted and played."""

_CHINESE: tuple[Maker, ...] = (
    lambda rng: f"您的订单号{digits_of(rng, rng.randrange(10, 20))}已发货，快递单号{digits_of(rng, 12)}",
    lambda rng: f"运单号SF{digits_of(rng, 13)}，预计{rng.randrange(1, 13)}月{rng.randrange(1, 29)}日送达",
    lambda rng: f"发票号码：{digits_of(rng, 20)}，金额{rng.randrange(9999)}.{rng.randrange(10, 99)}元",
    lambda rng: f"沪指收于{rng.uniform(2000, 4000):.2f}点，成交{rng.randrange(1000, 9999)}.{rng.randrange(99)}亿元",
    lambda rng: (
        f"贵州茅台（600519）报{rng.uniform(1000, 2000):.2f}元，涨{rng.uniform(0, 9):.2f}%，成交{rng.randrange(10**6)}手"
    ),
    lambda rng: f"产品编号{digits_of(rng, 12)}，序列号{_hex(rng, 10).upper()}，库存{rng.randrange(999)}件",
    lambda rng: f"坐标 {rng.uniform(70, 130):.6f},{rng.uniform(3, 53):.6f}，海拔{rng.randrange(5000)}米",
    lambda rng: (
        f"车次G{rng.randrange(100, 9999)}，{rng.randrange(16)}车{rng.randrange(20)}F号，票号E{digits_of(rng, 9)}"
    ),
    lambda rng: (
        f"据统计，{rng.randrange(2000, 2024)}年全省粮食产量{rng.randrange(10**4)}.{rng.randrange(10)}万吨，"
        f"增长{rng.uniform(0, 9):.1f}%"
    ),
    lambda rng: f"工单{digits_of(rng, 14)}已于{_time(rng)}关闭，批次{digits_of(rng, 8)}",
    lambda rng: f"书号ISBN {_isbn(rng)}，定价{rng.randrange(20, 200)}.00元，印数{rng.randrange(1, 99)}000册",
    lambda rng: f"合同编号HT-{_date(rng, '')}-{digits_of(rng, 4)}，总价{rng.randrange(10**7):,}元",
    lambda rng: (
        f"航班CZ{rng.randrange(100, 9999)}将于{_clock(rng)[:5]}起飞，登机口{_letters(rng, 1)}{rng.randrange(99)}"
    ),
    lambda rng: (
        f"比赛结果：{rng.randrange(130)}比{rng.randrange(130)}，"
        f"第{rng.randrange(1, 40)}轮，观众{rng.randrange(10**5)}人"
    ),
    lambda rng: f"交易流水号{digits_of(rng, 28)}，处理时间{_time(rng)}",
    lambda rng: f"验证批号{_letters(rng, 2)}{digits_of(rng, 6)}，条码{_ean(rng, '69')}",
    lambda rng: (
        f"新闻编号{digits_of(rng, 7)}：会议于{rng.randrange(1, 13)}月{rng.randrange(1, 29)}日{rng.randrange(24)}时召开"
    ),
)
"""The same in Chinese: goods, tickets, markets, news."""

MAKERS: tuple[Maker, ...] = _CODES + _GOODS + _FIGURES + _CHINESE


def negative_texts(count: int, seed: int = 20_260_101) -> Iterator[str]:
    """So many texts, of every kind in turn; the same ones for the same seed."""
    rng = random.Random(seed)
    return (MAKERS[index % len(MAKERS)](rng) for index in range(count))
