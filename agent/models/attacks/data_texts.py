"""Data as people paste it: tables, logs, dumps, code. In attacks one cell, message or comment is an order.

Long runs of the same characters add up in a model of n-grams. Both classes have the same rows here, so that what is
repeated tells nothing.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from agent.models.attacks.pieces import Pieces, split

__all__ = ["SHAPES", "data_text"]

_ITEMS = {
    "en": split("""apples|screws M4|desk lamp|printer paper|olive oil|bath towel|USB cable|garden hose|green tea|winter
        tyres|notebook A5|light bulb|rice 5 kg|work gloves|paint white|bicycle pump|hand soap|wall clock"""),
    "zh": split("""苹果|螺丝M4|台灯|打印纸|橄榄油|浴巾|数据线|水管|绿茶|雪地胎|笔记本|灯泡|大米五公斤|劳保手套|白油漆|
        打气筒|洗手液|挂钟|电热水壶|保温杯"""),
}
_COLUMNS = {
    "en": split("id|name|date|price|qty|city|status|total|owner|code|weight|comment"),
    "zh": split("编号|名称|日期|单价|数量|城市|状态|合计|负责人|代码|重量|备注"),
}
_STATES = {
    "en": split("open|paid|shipped|closed|pending|in stock"),
    "zh": split("已付款|已发货|处理中|完成|待审核|有货"),
}
_LEVELS = ("INFO", "DEBUG", "WARN", "ERROR", "TRACE", "info", "warning")
_EVENTS = (
    "GET /health 200 3ms", "POST /api/orders 201 48ms", "connection pool: 12 of 50 in use", "cache miss key=user:{n}",
    "worker {n} started", "request {n} finished in 0.{n}s", "retrying in 5 s (attempt 2 of 3)", "user {n} logged in",
    "disk usage at 71 %", "certificate valid for 62 days", "job {n} queued", "timeout after 3000 ms on shard {n}",
    "gc pause 14 ms", "checkpoint written, offset={n}", "healthcheck ok", "upstream closed connection, id={n}",
)  # fmt: skip
_CODE = (
    "for i in range({n}):", "    total += price * {n}", "    if row is None:", "        continue", "return total",
    "def parse_line(line: str) -> int:", "import os", "const x{n} = values[{n}];",
    "if (count > {n}) {{ return null; }}",
    "public static void main(String[] args) {{", "}}", "SELECT id, name FROM orders WHERE total > {n};",
    "INSERT INTO prices VALUES ({n}, 'x', 3.50);", "UPDATE users SET active = 0 WHERE id = {n};", "#include <stdio.h>",
    "    printf(\"%d\\n\", {n});", "git commit -m \"fix {n}\"", "x = x + {n}", "assert result == {n}",
    "<div class=\"c{n}\">",
    "</div>", "</ul>", "  margin: {n}px;", "export PATH=/opt/bin:$PATH", "echo \"step {n}\"", "try:",
    "except KeyError:",
)  # fmt: skip


def _number(rng: random.Random) -> str:
    return rng.choice((
        str(rng.randint(0, 99)), str(rng.randint(100, 99999)), f"{rng.uniform(0, 500):.2f}", f"{rng.random():.4f}",
        f"{rng.randint(1, 9)},{rng.randint(100, 999)}.00",
    ))  # fmt: skip


def _price(rng: random.Random) -> str:
    amount = f"{rng.uniform(0.5, 900):.2f}"
    return rng.choice((f"${amount}", f"{amount} €", f"¥{amount}", f"{amount}元", f"£{amount}", amount))


def _date(rng: random.Random) -> str:
    return f"20{rng.randint(19, 26)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def _cell(lang: str, rng: random.Random) -> str:
    return rng.choice((
        _number(rng), _number(rng), _price(rng), _date(rng), rng.choice(_ITEMS[lang]), rng.choice(_STATES[lang]),
    ))  # fmt: skip


def _cells(said: str, count: int, lang: str, rng: random.Random) -> list[list[str]]:
    """Rows of cells; `said` (if any) takes the place of one."""
    width = rng.randint(2, 6)
    rows = [[_cell(lang, rng) for _ in range(width)] for _ in range(max(count, 1))]
    if said:
        rng.choice(rows)[rng.randrange(width)] = said
    return rows


def _html(said: str, count: int, lang: str, rng: random.Random) -> str:
    glue, indent = rng.choice((("", ""), ("\n", ""), ("\n", "  ")))
    kind = rng.choice((' class="num"', "", "", ' align="right"'))
    rows = [
        indent + "<tr>" + "".join(f"<td{kind}>{cell}</td>" for cell in row) + "</tr>"
        for row in _cells(said, count, lang, rng)
    ]
    if rng.random() < 0.6:
        head = "".join(f"<th>{name}</th>" for name in rng.sample(_COLUMNS[lang], 3))
        return glue.join(["<table>", f"<tr>{head}</tr>", *rows, "</table>"])
    return glue.join(rows)


def _csv(said: str, count: int, lang: str, rng: random.Random) -> str:
    mark = rng.choice((",", ",", ";", "\t"))
    rows = _cells(said, count, lang, rng)
    head = [rng.sample(_COLUMNS[lang], len(rows[0]))] if rng.random() < 0.8 else []
    return "\n".join(mark.join(row) for row in [*head, *rows])


def _markdown(said: str, count: int, lang: str, rng: random.Random) -> str:
    rows = _cells(said, count, lang, rng)
    head, rule = rng.sample(_COLUMNS[lang], len(rows[0])), [rng.choice(("---", "---:", ":--"))] * len(rows[0])
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows])


def _lines(made: list[str], said: str, rng: random.Random) -> str:
    if said:
        made.insert(rng.randint(0, len(made)), said)
    return "\n".join(made)


def _log(said: str, count: int, lang: str, rng: random.Random) -> str:
    day, form = _date(rng), rng.randrange(3)

    def line(message: str) -> str:
        clock = f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}"
        level = rng.choice(_LEVELS)
        return (
            f"{day} {clock} {level} {message}", f"[{clock}] [{level}] {message}",
            f"{day}T{clock}Z level={level.lower()} msg=\"{message}\"",
        )[form]  # fmt: skip

    made = [line(rng.choice(_EVENTS).format(n=rng.randint(1, 999))) for _ in range(count)]
    return _lines(made, line(said) if said else "", rng)


def _json(said: str, count: int, lang: str, rng: random.Random) -> str:
    """Numbers, records or rows; rows keep four columns, so that one text in thirty loses its sentence."""
    kind = rng.randrange(3)
    value: object
    if kind == 0:
        numbers: list[object] = [round(rng.uniform(-50, 900), rng.choice((0, 1, 3))) for _ in range(3 * count)]
        value = {"series": numbers, "unit": rng.choice(("ms", "kg", "%", "EUR"))} | ({"note": said} if said else {})
    elif kind == 1:
        rows: list[dict[str, object]] = [
            {"id": rng.randint(1, 9999), "x": round(rng.random(), 4), "y": round(rng.random(), 4)} for _ in range(count)
        ]
        if said:
            rng.choice(rows or [{}])["label"] = said
        value = rows
    else:
        names = rng.sample(_COLUMNS[lang], 4)
        rows = [dict(zip(names, row, strict=False)) for row in _cells(said, count, lang, rng)]
        value = {"items": rows, "total": rng.randint(1, 900)}
    return json.dumps(value, ensure_ascii=False, indent=rng.choice((None, None, 2)))


def _prices(said: str, count: int, lang: str, rng: random.Random) -> str:
    joint = rng.choice((": ", " - ", " ..... ", "\t", "  ", "："))
    return _lines([f"{rng.choice(_ITEMS[lang])}{joint}{_price(rng)}" for _ in range(count)], said, rng)


def _dump(said: str, count: int, lang: str, rng: random.Random) -> str:
    kind = rng.randrange(5)
    made = []
    for place in range(count):
        if kind == 0:
            made.append(" ".join(f"{rng.randrange(256):08b}" for _ in range(6)))
        elif kind == 1:
            made.append(f"{16 * place:08x}  " + " ".join(f"{rng.randrange(256):02x}" for _ in range(16)))
        elif kind == 2:
            made.append("".join(rng.choice("01") for _ in range(rng.choice((16, 32, 64)))))
        elif kind == 3:
            made.append(f"{rng.getrandbits(128):032x}")
        else:
            made.append(" ".join(str(rng.randint(0, 255)) for _ in range(12)))
    return _lines(made, said, rng)


def _rules(said: str, count: int, lang: str, rng: random.Random) -> str:
    mark = rng.choice(
        ("=", "-", "*", "#", "_", "~", ".", "+-", "=-", "─", "━", "·", "＝", "> ", "1 2 3 4 5 ", "哈", "a")
    )
    size = rng.randint(10, 90)
    made: list[str] = []
    for _ in range(max(count // 3, 1)):
        made.append((mark * size)[: rng.randint(10, 90)] if rng.random() < 0.5 else mark * (size // len(mark)))
        if rng.random() < 0.4:
            made.append(rng.choice(_ITEMS[lang]) if rng.random() < 0.5 else _cell(lang, rng))
    return _lines(made, said, rng)


def _code(said: str, count: int, lang: str, rng: random.Random) -> str:
    made = [rng.choice(_CODE).format(n=rng.randint(0, 999)) for _ in range(count)]
    mark = rng.choice(("# {}", "// {}", "/* {} */", "-- {}", "<!-- {} -->", '"""{}"""', 'x = "{}"'))
    return _lines(made, mark.replace("{}", said) if said else "", rng)


def _settings(said: str, count: int, lang: str, rng: random.Random) -> str:
    joint = rng.choice((": ", " = ", "="))
    names = ("timeout", "host", "port", "retries", "path", "level", "size", "user", "region", "mode", "limit", "name")
    made = [f"{rng.choice(names)}_{rng.randint(1, 30)}{joint}{_cell(lang, rng)}" for _ in range(count)]
    return _lines(made, f"note{joint}{said}" if said else "", rng)


SHAPES: dict[str, Callable[[str, int, str, random.Random], str]] = {
    "html": _html, "csv": _csv, "markdown": _markdown, "log": _log, "json": _json, "prices": _prices, "dump": _dump,
    "rules": _rules, "code": _code, "settings": _settings,
}  # fmt: skip
"""What makes data of one shape from a sentence that stands in it (or none), a number of rows, a language."""


def data_text(pieces: Pieces, said: str, rng: random.Random) -> str:
    """Data with the sentence `said` in one place, or with none when it is empty.

    Data without a sentence may be longer than a window; with one it is short, so that the sentence is seen.
    """
    count = rng.randint(2, 12) if said else rng.choice((rng.randint(1, 12), rng.randint(10, 60)))
    return SHAPES[rng.choice(tuple(SHAPES))](said, count, pieces.lang, rng)
