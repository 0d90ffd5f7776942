"""Memory and speed of ``harmwatch assess`` on a synthetic CSV file of a given size.

    python -m tests.bench.assess_memory [--gigabytes 10 | --megabytes 50] [--row-bytes 120] [--text COL...]
                                        [--folder DIR] [--limit-gib 2]

Makes a table of people in DIR (default: the temporary folder) with two protected attributes, a label, a split, numbers,
dates, categories, texts and missing cells; no two rows are equal but one in a thousand, which is copied into another
split. `--row-bytes` makes the texts longer; `--text` limits the search for personal data, which takes most of the
time, to some columns. Assesses it in a process of its own, with a page and JSON, and prints one JSON line: the most
memory that the process had, MB/s, and whether the planted proxy and the leak were found. Exit code 1 when they were
not, or when it took more memory than the limit.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

__all__ = ["main", "write_table"]

_HEAD = "id,amount,gender,region,age,joined,district,note,score,approved,part\n"
_BLOCK = 20_000
_WORDS = [
    *("order", "delivery", "price", "quality", "service", "late", "friendly", "broken", "refund", "quick", "parcel"),
    *("colour", "size", "fits", "cheap", "expensive", "again", "never", "support", "phone", "answer", "waiting"),
    *("week", "month", "happy", "unhappy", "return", "exchange", "shop", "online"),
]


def write_table(path: Path, size: int, row_bytes: int = 120, seed: int = 0) -> int:
    """Write rows of about `row_bytes` until the file has about `size`; gives their number.

    Tails of rows come from a block of 20,000, numbers in front make them different.
    """
    draw = random.Random(seed)
    words = max(1, (row_bytes - 60) // 7)
    tails = [_tail(draw, words) for _ in range(_BLOCK)]
    rows = written = 0
    with path.open("w", encoding="utf-8") as stream:
        written += stream.write(_HEAD)
        while written < size:
            # 2654435761 is odd, so that amounts below 2^32 do not come again.
            lines = [f"{rows + place},{(rows + place) * 2654435761 % 2**32},{tails[place]}" for place in range(_BLOCK)]
            for place in range(0, _BLOCK, 1000):
                train = lines[place].replace(",test\n", ",train\n")
                lines[place] = train
                lines[place + 1] = train.replace(",train\n", ",test\n")
            written += stream.write("".join(lines))
            rows += _BLOCK
    return rows


def _tail(draw: random.Random, words: int) -> str:
    gender = draw.choice(("female", "male", "male"))
    # The planted proxy: three people of four live in a district of their gender's.
    district = draw.choice("ABCD" if (gender == "female") == (draw.random() < 0.75) else "EFGH")
    note = " ".join(draw.choices(_WORDS, k=draw.randrange(words // 2, words + words // 2 + 1)))
    joined = f"{draw.randrange(2000, 2026)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}"
    score = "" if draw.random() < 0.1 else f"{draw.gauss(0.0, 1.0):.4f}"
    approved = int(draw.random() < (0.3 if gender == "female" else 0.5))
    age, region, part = draw.randrange(18, 90), draw.choice("NESW"), draw.choice(("train",) * 4 + ("test",))
    return f"{gender},{region},{age},{joined},{district},{note},{score},{approved},{part}\n"


def main(arguments: list[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gigabytes", type=float)
    parser.add_argument("--megabytes", type=float, default=50.0)
    parser.add_argument("--row-bytes", type=int, default=120)
    parser.add_argument("--text", nargs="+", default=[])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--limit-gib", type=float, default=2.0)
    args = parser.parse_args(arguments)
    size = int(args.megabytes * 1e6 if args.gigabytes is None else args.gigabytes * 1e9)
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        table = Path(folder) / "people.csv"
        rows = write_table(table, size, args.row_bytes)
        command = [
            *(sys.executable, "-m", "streams.cli", "assess", str(table), "--protected", "gender", "region"),
            *("--label", "approved", "--positive", "1", "--split", "part", "--out", str(Path(folder) / "page.html")),
            *("--json", "--quiet", *(("--text", *args.text) if args.text else ())),
        ]
        begun = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        seconds = time.perf_counter() - begun
        found = json.loads(done.stdout)
        size = table.stat().st_size
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    proxy = found["proxies"]["by_attribute"]["gender"]["columns"]["district"]
    leaked = sum(pair["rows"] for pair in found["repeats"]["rows"]["leakage"]["pairs"] if pair["split"] == "test")
    planted = bool(proxy["proxy"]) and leaked == rows // 1000
    line = {
        "bench": "assess_memory",
        "gigabytes": round(size / 1e9, 3),
        "rows": found["rows"],
        "searched": args.text or "all columns",
        "peak_gib": round(most / 2**30, 3),
        "limit_gib": args.limit_gib,
        "seconds": round(seconds, 1),
        "mb_per_second": round(size / 1e6 / seconds, 2),
        "rows_per_second": round(rows / seconds),
        "planted_found": planted,
    }
    print(json.dumps(line))
    return 0 if planted and found["rows"] == rows and most <= args.limit_gib * 2**30 else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
