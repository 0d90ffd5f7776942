"""Columns of names and addresses are known by their titles."""

from __future__ import annotations

import pytest

from agent.assess.titles import titled_span, type_by_title


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        *((title, "NAME") for title in ("name", "Name", "first_name", "patientName", "Full Name", "surname")),
        *((title, "NAME") for title in ("姓名", "患者姓名", "联系人", "名字", "收件人")),
        *((title, "ADDRESS") for title in ("address", "home_address", "billingAddress", "street", "addr")),
        *((title, "ADDRESS") for title in ("地址", "家庭住址", "收货地址")),
        *((title, None) for title in ("file_name", "company name", "username", "nameless", "names of goods", "")),
        *((title, None) for title in ("email address", "ip_address", "MAC address", "IP地址", "邮箱地址", "书名")),
    ],
)
def test_titles(title: str, kind: str | None) -> None:
    assert type_by_title(title) == kind


def test_the_value_is_the_text_without_white_space() -> None:
    span = titled_span("  Anna Lee ", "name")
    assert span is not None
    assert (span.start, span.end, span.type, span.category) == (2, 10, "NAME", "pii.name")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("iPhone 15", "name"),
        ("12345", "name"),
        ("", "name"),
        ("the quick brown fox jumps over the lazy dog", "name"),
        ("x" * 61, "name"),
        ("--", "address"),
        *((text, title) for text in ("无", "未知", " 暂无 ", "（无）", "不详") for title in ("姓名", "家庭住址")),
        *(
            (text, title)
            for text in ("N/A", "n/a", "unknown", "None", "NULL", "-", "?", "<NA>", "NaN", "(unknown)")
            for title in ("name", "home_address")
        ),
        ("Anna Lee", "note"),
    ],
)
def test_what_speaks_against_it(text: str, title: str) -> None:
    assert titled_span(text, title) is None


@pytest.mark.parametrize("text", ["Na Li", "Nan", "吴知", "Nunn", "Uma Unknown"])
def test_a_name_like_a_placeholder_is_a_name(text: str) -> None:
    assert titled_span(text, "name") is not None
