"""agent.evidence: no detected value survives."""

from __future__ import annotations

import hashlib
import hmac
import time
import unicodedata

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import ConfigError, ScorerError
from agent.evidence import EvidenceBuilder, redact
from agent.scores import Finding, Span, TextSpan, Verdict

KEY = b"a key of the tests"


def spans_of(text: str, *values: tuple[str, str]) -> list[TextSpan]:
    return [TextSpan(text.index(v), text.index(v) + len(v), f"pii.{kind.lower()}", kind) for v, kind in values]


def make_verdict(*points: Span, **over: object) -> Verdict:
    fields: dict[str, object] = {
        "id": "v-1",
        "inference_id": "r-1",
        "source": "chat",
        "model": "m",
        "direction": "output",
        "time": "2026-01-01T00:00:00Z",
        "scored_at": "2026-01-01T00:00:01Z",
        "scores": {},
        "findings": [Finding("pii.email", "privacy", 1.0, 0.5, spans=tuple(points))],
        "missing": [],
        "weight": 1.0,
        "scorers": {},
        "truncated": False,
        "trace_id": "t-1",
    }
    return Verdict(**{**fields, **over})  # type: ignore[arg-type]


def test_each_span_becomes_its_type() -> None:
    text = "Mail a@b.example or ring 13800138000."
    spans = spans_of(text, ("a@b.example", "EMAIL"), ("13800138000", "PHONE"))
    assert redact(text, spans) == "Mail [EMAIL] or ring [PHONE]."


def test_touching_and_overlapping_spans_become_one() -> None:
    spans = [TextSpan(0, 3, "pii.email", "EMAIL"), TextSpan(3, 5, "pii.phone", "PHONE"), TextSpan(4, 6, "pii.ip", "IP")]
    assert redact("abcdefgh", spans) == "[EMAIL+PHONE+IP]gh"


def test_other_occurrences_go_too() -> None:
    text = "To: a@b.example. I said A@B.EXAMPLE, ａ＠ｂ.ｅｘａｍｐｌｅ!"
    assert redact(text, spans_of(text, ("a@b.example", "EMAIL"))) == "To: [EMAIL]. I said [EMAIL], [EMAIL]!"


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (0, 6), (3, 3), (4, 2)])
def test_a_span_outside_the_text_is_refused(start: int, end: int) -> None:
    with pytest.raises(ScorerError):
        redact("abcde", [TextSpan(start, end, "pii.email", "EMAIL")])


LETTERS = st.sampled_from("abcAB12 .@-ａＢ１＠你好İß")
TEXTS = st.text(alphabet=LETTERS, min_size=1, max_size=80)


@st.composite
def texts_with_spans(draw: st.DrawFn) -> tuple[str, list[TextSpan]]:
    text = draw(TEXTS) + draw(TEXTS) * draw(st.integers(0, 3))
    bounds = draw(st.lists(st.tuples(st.integers(0, len(text) - 1), st.integers(1, 12)), max_size=4))
    spans = [TextSpan(a, min(len(text), a + n), "pii.x", draw(st.sampled_from(["0", "#"]))) for a, n in bounds]
    return text, spans


@settings(max_examples=400)
@given(texts_with_spans())
def test_no_detected_value_survives(case: tuple[str, list[TextSpan]]) -> None:
    text, spans = case
    result = redact(text, spans)
    for span in spans:
        assert text[span.start : span.end] not in result


@settings(max_examples=400)
@given(texts_with_spans(), st.integers(0, 400), st.text(alphabet=LETTERS, max_size=30))
def test_no_detected_value_survives_a_cut(case: tuple[str, list[TextSpan]], at: int, filler: str) -> None:
    text, spans = case
    pad = (filler + "~") * 20
    long = pad[:at] + text + pad + text + pad
    shift = len(pad[:at])
    moved = [TextSpan(s.start + shift, s.end + shift, s.category, s.type) for s in spans]
    points = [Span(s.start, s.end, s.type) for s in moved]
    evidence = EvidenceBuilder(KEY, max_chars=100).build(make_verdict(*points), [long], [moved])
    for span in moved:
        assert long[span.start : span.end] not in evidence.texts[0]


def test_a_cut_keeps_the_finding_and_no_half_of_a_value() -> None:
    secret = "Zq7" * 30
    text = "x" * 5000 + " before " + secret + " after " + "y" * 5000 + secret + "z" * 100
    spans = spans_of(text, (secret, "SECRET"))
    point = Span(spans[0].start, spans[0].end, "SECRET")
    kept = EvidenceBuilder(KEY, max_chars=200).build(make_verdict(point), [text], [spans]).texts[0]
    assert "before [SECRET] after" in kept
    assert "Zq7" not in kept
    assert kept.startswith("[…]")
    assert kept.endswith("[…]")
    assert len(kept) < 260


def test_a_cut_through_a_value_replaces_it_whole() -> None:
    value = "13800138000"
    text = "a" * 95 + value + "b" * 500 + value
    spans = spans_of(text, (value, "PHONE"))
    kept = EvidenceBuilder(KEY, max_chars=100).build(make_verdict(), [text], [spans]).texts[0]
    assert kept == "a" * 95 + "[PHONE][…]"


def test_unsearched_texts_are_not_kept() -> None:
    builder = EvidenceBuilder(KEY)
    for spans in (None, [], [[TextSpan(0, 99, "pii.email", "EMAIL")]]):
        evidence = builder.build(make_verdict(), ["mail a@b.example"], spans)
        assert evidence.texts == []
        assert len(evidence.content_hashes) == 1


@pytest.mark.parametrize("filler", ["", "x " * 3000])
def test_what_was_found_in_one_text_stands_in_no_other(filler: str) -> None:
    """The next text gives nothing away by itself: a name without its announcement, a number in other groups."""
    first, second = (
        "I am Ann Bell, 138 0013 8000.",
        f"Sir {filler}ANN BELL, ｂell, 138-0013-8000 {filler}signed ann bell",
    )
    found = spans_of(first, ("Ann Bell", "NAME"), ("138 0013 8000", "PHONE"))
    place = len(second) - 5
    verdict = make_verdict(Span(place, place + 5, "SENTENCE", 1))
    for texts, spans in (((first, second), (found, [])), ((second, first), ([], found))):
        parts = [1, 0] if texts[0] == second else None
        shown = EvidenceBuilder(KEY).build(verdict, texts, spans, parts).texts
        assert all(name not in text.casefold() for text in shown for name in ("ann", "8000"))
        assert "[NAME]" in shown[texts.index(second)]


@pytest.mark.parametrize(
    "name",
    [
        "José Álvarez",
        "Nguyễn Văn Tế",
        "김철수",
        "Müller",
        "金三",
        "Jürgen Weiß",
        "Γιώργος Παππάς",
        "Yıldız Işık",
        "İnci",
    ],
)
@pytest.mark.parametrize("filler", ["", "x " * 3000])
def test_what_was_found_stands_in_no_other_case_or_composition_of_its_accents(name: str, filler: str) -> None:
    """File names of macOS and some keyboards write accents apart; Vietnamese is often written with one of two apart.

    The capital of ß is SS, the Greek final s has that of every s, the Turkish ı has that of i.
    """
    forms = {name} if name == "İnci" else {unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)}
    forms |= (
        {form.upper() for form in forms}
        | ({"inci", "INCI"} if name == "İnci" else set())
        | {form.replace("e\u0302", "ê") for form in forms}
    )
    for written in forms:
        first = f"my name is {written}."
        second = f"{filler}".join(f" {form}," for form in forms) + f" bye {filler}"
        assert not any(form in redact(first + second, spans_of(first, (written, "NAME"))) for form in forms)
        place = second.index(written) + 1
        verdict = make_verdict(Span(place, place + 1, "SENTENCE", 1))
        shown = EvidenceBuilder(KEY).build(verdict, (first, second), (spans_of(first, (written, "NAME")), [])).texts
        assert "[NAME]" in shown[1]
        folded = [unicodedata.normalize("NFC", text).casefold() for text in (name, *shown)]
        assert folded[0] not in folded[1] + folded[2]


@pytest.mark.parametrize("name", ["Ann Bell", "José María Álvarez"])
@pytest.mark.parametrize("filler", ["", "x " * 3000])
def test_what_was_found_stands_in_no_other_layout_of_its_words(name: str, filler: str) -> None:
    """Lines are broken, columns filled up, and web pages have blanks that do not break."""
    forms = [name.replace(" ", blanks) for blanks in (" ", "\n", "  ", "\u00a0", "\r\n\t ", " " * 30)]
    forms += [unicodedata.normalize("NFD", form).upper() for form in forms]
    for written in forms:
        first = f"my name is {written}."
        second = f"{filler}".join(f" {form}," for form in forms) + f" Annex, bye {filler}"
        shown = redact(first + second, spans_of(first, (written, "NAME")))
        assert not any(form in shown for form in forms)
        assert " Annex, bye" in shown
        place = second.index(written) + 1
        verdict = make_verdict(Span(place, place + 1, "SENTENCE", 1))
        kept = EvidenceBuilder(KEY).build(verdict, (first, second), (spans_of(first, (written, "NAME")), [])).texts
        assert "[NAME]" in kept[1]
        assert "bell" not in kept[1].casefold()
        assert "lvarez" not in kept[1].casefold()


def test_runs_of_accents_do_not_make_the_search_for_names_slow() -> None:
    text = "josé " + "e" + "\u0301\u0323" * 100_000
    begun = time.process_time()
    assert redact(text, spans_of(text, ("josé", "NAME"))).startswith("[NAME] e")
    assert time.process_time() - begun < 5


def test_texts_can_be_left_out_and_fields_are_carried() -> None:
    verdict = make_verdict()
    evidence = EvidenceBuilder(KEY, keep_texts=False).build(verdict, ["a", "b"], [[], []])
    assert evidence.texts == []
    assert (evidence.id, evidence.trace_id, evidence.direction) == ("v-1", "t-1", "output")
    assert evidence.findings == verdict.findings


def test_content_hash_is_a_keyed_hash() -> None:
    text = "你好\ud800"
    expected = hmac.new(KEY, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]
    assert EvidenceBuilder(KEY).content_hash(text) == expected
    assert EvidenceBuilder(b"another").content_hash(text) != expected


def test_part_chooses_the_text() -> None:
    texts = ["p" * 300, "q" * 300 + "HERE" + "q" * 300]
    builder = EvidenceBuilder(KEY, max_chars=100)
    first, second = builder.build(make_verdict(Span(300, 304, "X", part=1)), texts, [[], []]).texts
    assert first == ""  # its room went to the text with the finding
    assert "HERE" in second
    # The findings count a system prompt, which was not judged.
    assert builder.build(make_verdict(Span(300, 304, "X", part=2)), texts, [[], []], [1, 2]).texts == [first, second]


def test_room_goes_to_texts_with_findings_first_and_what_short_ones_leave_to_long_ones() -> None:
    texts = ["a" * 500, "b" * 10, "c" * 500, "d" * 500, "e" * 50]
    kept = EvidenceBuilder(KEY, max_chars=1000).build(make_verdict(), texts, [[]] * 5, flagged={0, 1, 3}).texts
    assert kept == ["a" * 495 + "[…]", "b" * 10, "", "d" * 495 + "[…]", ""]


def test_of_a_long_conversation_the_texts_with_findings_are_represented() -> None:
    texts = [f"turn {n} " + "x" * 2000 for n in range(900)]
    builder = EvidenceBuilder(KEY)
    evidence = builder.build(make_verdict(Span(0, 4, "X", part=700)), texts, [[]] * 900, flagged={800})
    shown = [*range(62), 700, 800]
    assert evidence.content_hashes == [builder.content_hash(texts[n]) for n in shown]
    assert [n for n, text in zip(shown, evidence.texts, strict=True) if text] == [700, 800]
    assert sum(map(len, evidence.texts)) < 2020


HOSTILE = st.sampled_from(["\x00", "a@", "界", "😀", '"\\', "\ud800"])


@settings(max_examples=60)
@given(
    st.lists(st.tuples(HOSTILE, st.integers(0, 30_000), st.integers(1, 40)), min_size=1, max_size=100),
    st.integers(1, 20),
    st.sets(st.integers(0, 99)),
    st.integers(1, 9),
)
def test_evidence_is_small_whatever_comes(
    shapes: list[tuple[str, int, int]], copies: int, flagged: set[int], stride: int
) -> None:
    texts = [letters * times for letters, times, _ in shapes] * copies
    spans = [
        [TextSpan(at, at + 1, "pii.national_id", "NATIONAL_ID") for at in range(0, len(text) - 1, stride + 1)][:1000]
        for text in texts
    ]
    point = [Span(at, at + 1, "NATIONAL_ID", part=at % len(texts)) for at in range(100)]
    findings = [Finding(f"category.{n}", "privacy", 1.0, 0.5, spans=tuple(point)) for n in range(20)]
    names = dict.fromkeys(("inference_id", "source", "model", "trace_id"), "界" * 512)
    evidence = EvidenceBuilder(KEY).build(
        make_verdict(findings=findings, **names),
        [text.replace("\ud800", "\x01") for text in texts],
        spans,
        None,
        flagged,
    )
    assert len(msgspec.json.encode(evidence)) < 500_000
    assert len(evidence.content_hashes) == len(evidence.texts) == min(64, len(texts))


@pytest.mark.parametrize(
    "options", [{"hash_key": b""}, {"hash_key": KEY, "max_chars": 10}, {"hash_key": KEY, "max_chars": 50_001}]
)
def test_options_are_checked(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        EvidenceBuilder(**options)  # type: ignore[arg-type]


@settings(max_examples=200)
@given(texts_with_spans(), st.integers(0, 400), st.integers(100, 900))
def test_the_evidence_says_where_values_were_replaced(
    case: tuple[str, list[TextSpan]], at: int, max_chars: int
) -> None:
    text, spans = case
    long = "[FAKE]" * (at // 6) + text + "[FAKE]" * 100
    moved = [TextSpan(s.start + 6 * (at // 6), s.end + 6 * (at // 6), s.category, s.type) for s in spans]
    points = [Span(s.start, s.end, s.type) for s in moved]
    evidence = EvidenceBuilder(KEY, max_chars=max_chars).build(make_verdict(*points), [long, "ok"], [moved, []])
    assert len(evidence.replaced) == len(evidence.texts) == 2
    (kept, _), (marks, none) = evidence.texts, evidence.replaced
    assert none == []
    assert all(set(kept[start:end]) <= set("[0#+]") for start, end in marks)
    # What is left between them was never replaced: it stands in the text as it came.
    rest = "".join(
        kept[start:end] for start, end in zip([0, *(m[1] for m in marks)], [*(m[0] for m in marks), None], strict=True)
    )
    assert "[0" not in rest and "[#" not in rest
