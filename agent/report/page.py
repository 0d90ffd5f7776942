"""The frame of every HTML report: one file, nothing fetched from anywhere, no script."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape

__all__ = ["page", "table"]

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em;color:#222;background:#fff}
table{border-collapse:collapse;margin:1em 0;display:block;overflow-x:auto}
th,td{padding:.25em .7em;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}
th{white-space:normal;word-break:keep-all;vertical-align:bottom}
table td.text,table th.text{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:9em}
td small{color:#666} img{max-width:48%;height:auto} .note{color:#555}
"""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: Collection[int] = ()) -> str:
    """A table. The head is escaped here; cells are HTML already; `texts` are columns of words, which may be long."""
    kinds = [' class="text"' if place in texts else "" for place in range(len(head))]
    top = "".join(f"<th{kind}>{escape(name)}</th>" for kind, name in zip(kinds, head, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def page(title: str, parts: Sequence[str], lang: str = "en", style: str = "") -> str:
    """The page around its parts, which are HTML; `style` comes after the common one."""
    # The policy holds even where a name out of the data should slip through the escaping.
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><style>{_STYLE}{style}</style></head>'
        f"<body><h1>{title}</h1>{''.join(parts)}</body></html>\n"
    )
