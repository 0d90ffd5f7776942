"""Label values are readable by any scraper, and different names stay different."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.metrics.label_values import MAX_LABEL_LENGTH, clean_label, is_plain

#: Around everything that cleaning looks at: codes and what passes for them, the cut, and hashes behind it.
_PIECES = st.sampled_from(
    [
        *("\\", "u", "200b", "{", "e0041}", "\u200b", "\U000e0041", "\u00a0", " ", "\ud800"),
        *("…", "x" * 103, "x" * 110, "0" * 16),
    ]
)
NAMES = st.one_of(
    st.text(st.characters(), min_size=1, max_size=260), st.lists(_PIECES, min_size=1, max_size=8).map("".join)
)


@given(NAMES)
@example("x" * 103 + "…" + "0" * 16)
@example("\u200b" * 40)
def test_they_are_printable_and_short_and_what_needs_no_cleaning_stays(name: str) -> None:
    shown = clean_label(name)
    assert shown.isprintable() and 0 < len(shown) <= MAX_LABEL_LENGTH
    assert is_plain(name) is (shown == name)


@given(NAMES)
def test_what_another_name_was_written_out_as_is_written_out_itself(name: str) -> None:
    shown = clean_label(name)
    assert shown == name or clean_label(shown) not in (shown, name)


@settings(max_examples=500)
@given(NAMES, NAMES)
@example("bot-x", "bot-x\u200b")
@example("bot-x\u200b", r"bot-x\u200b")
@example(r"\u200b", r"\u005cu200b")
@example("\\\u200b", r"\\u200b")
@example("x" * 200 + "a", "x" * 200 + "b")
def test_different_names_stay_different(one: str, two: str) -> None:
    assert (clean_label(one) == clean_label(two)) is (one == two)


@settings(max_examples=500)
@given(NAMES)
def test_what_is_not_cut_can_be_read_back(name: str) -> None:
    shown = clean_label(name)
    if len(shown) < MAX_LABEL_LENGTH:
        assert _read_back(shown) == name


def _read_back(shown: str) -> str:
    found, place = [], 0
    while place < len(shown):
        code = shown[place + 2 : place + 6]
        if (
            shown.startswith("\\u{", place)
            and _is_hex(long := shown[place + 3 :].partition("}")[0])
            and (shown[place + 3 + len(long) :].startswith("}"))
        ):
            found.append(chr(int(long, 16)))
            place += len(long) + 4
        elif shown.startswith("\\u", place) and len(code) == 4 and _is_hex(code):
            found.append(chr(int(code, 16)))
            place += 6
        else:
            found.append(shown[place])
            place += 1
    return "".join(found)


def _is_hex(text: str) -> bool:
    return bool(text) and set(text) <= set("0123456789abcdef")
