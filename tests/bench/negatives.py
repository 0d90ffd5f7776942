"""False findings of the pii scorer: texts full of numbers and codes that are nobody's data.

Run from the repository's root: ``python -m tests.bench.negatives [COUNT]``. Prints one JSON object a line: for each
type, and for each recogniser with check digits, the texts in which it found something, with the upper limit of their
share at 95 % confidence (Clopper and Pearson, "The use of confidence or fiducial limits", Biometrika 26, 1934); then
for numbers that need a label the share of random digits that pass after one.
"""

from __future__ import annotations

import base64
import json
import random
import string
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from scipy.stats import beta

from agent.scoring.pii import PiiScorer
from agent.scoring.pii.packs import load_recognizers

__all__ = ["CHECKED", "COUNT", "false_findings", "negative_texts", "upper_limit"]

COUNT = 100_000
CHECKED = (
    "payment card number",
    "IBAN",
    "crypto currency address",
    "Chinese resident identity number",
    "ABA routing number",
    "NHS number",
    "UK taxpayer reference",
    "European identity number",
    "European identity number in its own signs",
    "Italian codice fiscale",
    "Aadhaar number",
    "Indian voter card number",
    "Asian identity number",
    "Singapore NRIC or FIN",
    "Korean resident registration number",
    "American identity number",
    "Brazilian CPF",
    "Mexican CURP",
    "tax or identity number of Australia, New Zealand or South Africa",
    "Australian Medicare number",
)
"""Recognisers whose numbers have check digits."""

Maker = Callable[[random.Random], str]


def _digits(rng: random.Random, count: int) -> str:
    return str(rng.randrange(1, 10)) + "".join(rng.choices(string.digits, k=count - 1))


def _hex(rng: random.Random, count: int) -> str:
    return "".join(rng.choices("0123456789abcdef", k=count))


def _code(rng: random.Random, shape: str) -> str:
    """``A`` a capital, ``9`` a digit, anything else itself."""
    return "".join(
        rng.choice(string.ascii_uppercase) if c == "A" else rng.choice(string.digits) if c == "9" else c for c in shape
    )


def _day(rng: random.Random) -> str:
    return f"20{rng.randrange(10, 40)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"


def _clock(rng: random.Random) -> str:
    return f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"


def _version(rng: random.Random) -> str:
    return ".".join(str(rng.randrange(20)) for _ in range(rng.choice((3, 4))))


def _base64(rng: random.Random, size: int) -> str:
    return base64.b64encode(rng.randbytes(size)).decode()


def _isbn(rng: random.Random) -> str:
    body = "978" + _digits(rng, 9)
    check = -sum(int(c) * (1, 3)[place % 2] for place, c in enumerate(body)) % 10
    return f"{body[:3]}-{body[3]}-{body[4:7]}-{body[7:]}-{check}"


_MAKERS: dict[str, Maker] = {
    "guid": lambda r: f"request {uuid.UUID(int=r.getrandbits(128))} took {r.randrange(1, 999)} ms",
    "trace": lambda r: f'"trace_id": "{_hex(r, 32)}", "span_id": "{_hex(r, 16)}"',
    "hashes": lambda r: f"sha256:{_hex(r, 64)} md5 {_hex(r, 32)} crc {_hex(r, 8).upper()}",
    "git log": lambda r: f"commit {_hex(r, 40)}\nMerge: {_hex(r, 7)} {_hex(r, 7)}\nDate:   {_day(r)} {_clock(r)} +0100",
    "git diff": lambda r: (
        f"index {_hex(r, 7)}..{_hex(r, 7)} 100644\n@@ -{r.randrange(900)},7 +{r.randrange(900)},9 @@ def f(x):"
    ),
    "git stat": lambda r: (
        f" src/main.c | {r.randrange(99)} +++--\n {r.randrange(9)} files changed, {r.randrange(999)} lines"
    ),
    "versions": lambda r: f"Upgrade to v{_version(r)} before {_version(r)} is withdrawn",
    "versions zh": lambda r: f"请升级到版本{_version(r)}，旧版本{_version(r)}不再维护",
    "log line": lambda r: (
        f"[{_day(r)} {_clock(r)}.{r.randrange(1000):03}] worker {r.randrange(64)} ready, epoch {_digits(r, 10)}"
    ),
    "kernel log": lambda r: (
        f"[{r.uniform(0, 99999):.6f}] usb {r.randrange(9)}-{r.randrange(9)}: new device, idVendor={_hex(r, 4)}"
    ),
    "access log": lambda r: (
        f'"GET /items/{_digits(r, 7)}?page={r.randrange(99)} HTTP/1.1" 200 {r.randrange(99999)} {_clock(r)}'
    ),
    "switch log": lambda r: f"%LINK-3: port {r.randrange(48)} MAC {':'.join(_hex(r, 2) for _ in range(6))} learned",
    "bucket": lambda r: f"s3://data-lake-prod-{r.randrange(99)}/year=2024/part-{_digits(r, 5)}-{_hex(r, 8)}.parquet",
    "resources": lambda r: f"arn:aws:ec2:eu-west-{r.randrange(1, 4)}:instance/i-{_hex(r, 17)}, vpc-{_hex(r, 8)}",
    "order": lambda r: f"Order {_digits(r, r.randrange(8, 20))} has shipped",
    "order code": lambda r: f"Your order {_code(r, 'AAA-9999999-9999999')} of {_day(r)} is on its way",
    "order zh": lambda r: f"您的订单号{_digits(r, r.randrange(10, 20))}已发货，快递单号{_digits(r, 12)}",
    "order zh 2": lambda r: (
        f"订单编号：{_day(r).replace('-', '')}{_digits(r, 10)}，共{r.randrange(9)}件，合计¥{r.randrange(999)}.00"
    ),
    "tracking": lambda r: f"Tracking no. {_code(r, 'AA999999999AA')}, expected {_day(r)}",
    "tracking zh": lambda r: f"物流单号{_code(r, 'AA9999999999999')}，已到达{r.choice('北上广深')}中转站",
    "invoice": lambda r: f"Invoice no. {_digits(r, 8)}-{_digits(r, 4)}, total ${r.randrange(9999)},{_digits(r, 3)}.00",
    "invoice zh": lambda r: f"发票号码：{_digits(r, 20)}，金额{r.randrange(9999)}.{r.randrange(10, 99)}元",
    "isbn": lambda r: f"ISBN {_isbn(r)}, {r.randrange(100, 900)} pages",
    "ean": lambda r: f"EAN {_digits(r, 13)}, SKU {_code(r, 'AA-99999')}, pack of {r.randrange(9)}",
    "doi": lambda r: f"doi:10.{r.randrange(1000, 9999)}/{_code(r, 'aaaaa')}.{r.randrange(2000, 2030)}.{_digits(r, 7)}",
    "colours": lambda r: f"color: #{_hex(r, 6)}; background: #{_hex(r, 8)}; width: {r.randrange(999)}px",
    "quotes": lambda r: (
        f"AAPL {r.uniform(10, 999):.4f} MSFT {r.uniform(10, 999):.2f} volume {r.randrange(10**7, 10**9):,}"
    ),
    "quotes zh": lambda r: (
        f"沪指收于{r.uniform(2000, 4000):.2f}点，成交{r.randrange(1000, 9999)}.{r.randrange(99)}亿元"
    ),
    "prices": lambda r: f"£{r.randrange(99999):,}.99 or €{r.uniform(1, 999):.2f} (was {r.randrange(999)} 000 kr)",
    "csv": lambda r: (
        f"{_day(r)},{r.uniform(-50, 50):.3f},{r.uniform(0, 1):.6f},{r.randrange(10**6)},{r.gauss(0, 1):.8f}"
    ),
    "csv of numbers": lambda r: ";".join(f"{r.uniform(0, 10 ** r.randrange(1, 6)):.4f}" for _ in range(8)),
    "floats": lambda r: f"x = {r.random():.15f}, y = {-r.random():.12e}, loss {r.random():.7f}",
    "matrix": lambda r: " ".join(str(r.randrange(10)) for _ in range(r.choice((4, 6, 9, 25)))),
    "section": lambda r: f"Section {_version(r)} of the standard, table {r.randrange(9)}.{r.randrange(99)}",
    "law": lambda r: (
        f"{r.randrange(10, 50)} CFR {r.randrange(1, 999)}.{r.randrange(1, 99)}(b); 8 U.S.C. {r.randrange(9999)}"
    ),
    "law zh": lambda r: (
        f"第{r.randrange(1, 400)}条第{r.randrange(1, 9)}款，国发〔20{r.randrange(10, 30)}〕{r.randrange(1, 99)}号"
    ),
    "part": lambda r: f"Part no. {_code(r, '9999-AA-99999')} replaces {_code(r, 'AA99999999')}",
    "part of letters": lambda r: f"Replace gasket {_code(r, 'A9999999A')} and ring {_code(r, '99999999A')}",
    "serial": lambda r: f"Serial number {_hex(r, 12).upper()}, model {_digits(r, 4)}-{_hex(r, 4).upper()}",
    "serial like a phone": lambda r: f"Serial no. {_code(r, '999-999-9999')}, batch {_code(r, '99-99999')}",
    "serial zh": lambda r: f"产品编号{_digits(r, 12)}，序列号{_hex(r, 10).upper()}，库存{r.randrange(999)}件",
    "licence key": lambda r: f"Key {_code(r, 'AAAA9-9AAAA-AA99A-9AA9A-AAAAA')} activates {r.randrange(9)} seats",
    "base64": lambda r: f"data:image/png;base64,{_base64(r, 96)}",
    "etag": lambda r: f'ETag: W/"{_base64(r, 18)}", Content-MD5: {_base64(r, 16)}',
    "limits": lambda r: f"The token limit is {r.randrange(1000, 200000)} and max_tokens={r.randrange(99999)}",
    "variables": lambda r: (
        f"i={r.randrange(10**6)} j={r.randrange(10**6)} sum={r.randrange(10**9)} n={r.randrange(10**4)}"
    ),
    "install": lambda r: f"pip install package=={_version(r)} --hash={_hex(r, 32)} icon@{r.randrange(2, 4)}x.png",
    "flight": lambda r: (
        f"Flight CA{r.randrange(100, 9999)} gate {r.randrange(60)}, seat {r.randrange(40)}F, {_day(r)} {_clock(r)}"
    ),
    "census": lambda r: (
        f"Population {r.randrange(10**6, 10**9)} in {r.randrange(1900, 2024)}, up {r.uniform(0, 9):.3f} %"
    ),
    "match": lambda r: (
        f"{r.choice(('Leeds', 'Ajax'))} won {r.randrange(9)}-{r.randrange(9)} before {r.randrange(10**5):,} people"
    ),
    "recipe": lambda r: (
        f"Bake {r.randrange(100, 500)} g flour at {r.randrange(150, 250)} °C for {r.randrange(10, 60)} minutes"
    ),
    "meeting zh": lambda r: f"会议改到{_day(r)} {_clock(r)}，请准时参加，时间戳{_digits(r, 13)}",
    "dates": lambda r: (
        f"{r.randrange(1, 29)}/{r.randrange(1, 13)}/{r.randrange(1990, 2030)} to {_day(r)}, week {r.randrange(53)}"
    ),
    "years": lambda r: f"In {r.randrange(1900, 2030)} it moved; since {r.randrange(1900, 2030)} High Street is shut",
    "address of code": lambda r: (
        f"segfault at 0x{_hex(r, 16)} ip 0x{_hex(r, 12)} sp 0x{_hex(r, 12)} error {r.randrange(9)}"
    ),
    "chemistry": lambda r: (
        f"CAS {r.randrange(50, 9999)}-{r.randrange(10, 99)}-{r.randrange(10)}, C{r.randrange(99)}H{r.randrange(99)}N"
    ),
    "genes": lambda r: (
        f"chr{r.randrange(1, 23)}:{_digits(r, 8)}-{_digits(r, 8)} rs{_digits(r, 8)} ENSG{_digits(r, 11)}"
    ),
    "standard": lambda r: (
        f"ISO {r.randrange(1000, 30000)}-{r.randrange(9)}:{r.randrange(1990, 2026)}, GB/T {r.randrange(9999)}-2019"
    ),
    "ticket": lambda r: f"[JIRA-{_digits(r, 5)}] case {_digits(r, 8)} reopened by bot, build #{_digits(r, 6)}",
    "patent": lambda r: (
        f"US patent {r.randrange(5, 12)},{r.randrange(100, 999)},{r.randrange(100, 999)} B2 and EP {_digits(r, 7)} A1"
    ),
}


def negative_texts(count: int, seed: int = 20_261_101) -> Iterator[str]:
    """So many texts, the kinds in turn; the same for the same seed."""
    rng = random.Random(seed)
    makers = tuple(_MAKERS.values())
    for place in range(count):
        yield makers[place % len(makers)](rng)


def false_findings(scorer: PiiScorer, texts: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """Texts with a finding, by its type and by its recogniser."""
    by_type: Counter[str] = Counter()
    by_recognizer: Counter[str] = Counter()
    for text in texts:
        spans = scorer.score_text(text).spans
        by_type.update({span.type for span in spans})
        by_recognizer.update({span.explanation for span in spans})
    return by_type, by_recognizer


def upper_limit(found: int, texts: int, confidence: float = 0.95) -> float:
    """Clopper and Pearson's one-sided upper limit of a share."""
    return float(beta.ppf(confidence, found + 1, texts - found)) if found < texts else 1.0


def _after_labels(rng: random.Random, count: int) -> Iterator[dict[str, object]]:
    """How often random digits of the right number pass after a label: what the check digits alone are worth."""
    cases: Sequence[tuple[str, int]] = (
        ("Aadhaar", 12), ("NHS number", 10), ("UTR", 10), ("routing number", 9), ("BSN", 9), ("PESEL", 11), ("CNP", 13),
        ("OIB", 11), ("NISS", 11), ("fødselsnummer", 11), ("personnummer", 10), ("CPR", 10), ("INSEE", 15), ("AHV", 13),
        ("Steuer-ID", 11), ("rodné číslo", 10), ("SIN", 9), ("CPF", 11), ("TFN", 9), ("マイナンバー", 12),
        ("Thai ID", 13), ("national identity number", 11),
    )  # fmt: skip
    scorer = PiiScorer(types=["NATIONAL_ID", "MEDICAL_ID", "BANK_ACCOUNT"])
    for label, size in cases:
        passed = sum(bool(scorer.score_text(f"{label}: {_digits(rng, size)}").spans) for _ in range(count))
        yield {"random_digits_after": label, "digits": size, "pass": round(passed / count, 4)}


def main(arguments: Sequence[str]) -> None:
    """Print the figures."""
    count = int(arguments[0]) if arguments else COUNT
    by_type, by_recognizer = false_findings(PiiScorer(), negative_texts(count))
    types = sorted({recognizer.type for recognizer in load_recognizers()})
    for key, names, found in (("type", types, by_type), ("recogniser", CHECKED, by_recognizer)):
        for name in names:
            limit = upper_limit(found[name], count)
            print(json.dumps({key: name, "texts": count, "found": found[name], "upper_limit_95": round(limit, 7)}))
    for line in _after_labels(random.Random(1), max(1000, count // 50)):
        print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])
