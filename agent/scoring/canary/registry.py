"""What is kept of registered values, and which values can be registered at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from agent.canonical import canonical
from agent.errors import ConfigError
from agent.scoring.canary.keys import GRAM, TAG_BITS, CanaryKeys

__all__ = [
    "DEFAULT_LABEL",
    "LONGEST",
    "MAX_CANARIES",
    "MAX_PLACES",
    "SHORTEST",
    "CanaryEntry",
    "CanaryFile",
    "Refusal",
    "Registration",
    "Submitted",
    "is_label",
    "places_of",
    "register",
]

FORMAT_VERSION = 1
DEFAULT_LABEL = "canary"
SHORTEST = GRAM
"""Canonical characters of a value, at least."""

LONGEST = 256
"""And at most: with a blank after each character a value still fits into the overlap of a long text's pieces."""

MAX_CANARIES = 100_000
MAX_LABELS = 100
MAX_PLACES = 64
"""Values of one tag that differ in length or place: so many confirmations may one position of a text cost."""

_FEWEST_DIFFERENT = 4
_MAX_BYTES = 64 * 1024 * 1024
_LABEL = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_YEAR, _MONTH, _DAY = "(?:19|20)[0-9]{2}", "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_COMMON_NUMBER = re.compile(f"{_YEAR}{_MONTH}{_DAY}|{_DAY}{_MONTH}{_YEAR}|{_MONTH}{_DAY}{_YEAR}|[0-9]+00000")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
#: Characters that a random text of the script has to choose from; of Chinese the most common thousand.
_DIGITS, _LETTERS, _COMMON_HAN = 10, 26, 1000

_Count = Annotated[int, msgspec.Meta(ge=0)]


class CanaryEntry(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One registered value.

    Attributes
    ----------
    label
        The operator's word for it.
    length
        Canonical characters.
    anchor
        Where in the value the eight characters stand that the finder looks for.
    tag
        Their hash, masked.
    digest
        Keyed digest of the canonical form, 32 hexadecimal digits.
    """

    label: Annotated[str, msgspec.Meta(pattern=f"^{_LABEL.pattern}$")]
    length: Annotated[int, msgspec.Meta(ge=SHORTEST, le=LONGEST)]
    anchor: _Count
    tag: Annotated[int, msgspec.Meta(ge=0, lt=1 << TAG_BITS)]
    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]


class CanaryFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file that ``harmwatch canaries`` writes: no value, and nothing to test a guess with but for the key's holder.

    That holder can: short values out of small sets (telephone numbers) are found by trying. Keep the key as secret as
    the values.
    """

    harmwatch_canaries: int
    key_check: str
    canaries: Annotated[list[CanaryEntry], msgspec.Meta(max_length=MAX_CANARIES)]

    @classmethod
    def load(cls, path: Path, keys: CanaryKeys) -> CanaryFile:
        """Read and check a file.

        Raises
        ------
        ConfigError
            When it cannot be read, is no such file, is of another version, or was written under another key.
        """
        try:
            with path.open("rb") as stream:
                content = stream.read(_MAX_BYTES + 1)
        except OSError as error:
            raise ConfigError(
                f"canaries {path}: cannot be read ({error.strerror}); write it with harmwatch canaries"
            ) from None
        try:
            plain = msgspec.json.decode(content)
            version = plain["harmwatch_canaries"]
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError, KeyError, RecursionError):
            raise ConfigError(f"canaries {path}: is no file of canaries; write it with harmwatch canaries") from None
        if version != FORMAT_VERSION:
            raise ConfigError(f"canaries {path}: is of another version; register the values again")
        try:
            found = msgspec.convert(plain, cls)
        except msgspec.ValidationError:
            raise ConfigError(f"canaries {path}: is damaged; register the values again") from None
        if found.key_check != keys.check:
            raise ConfigError(f"canaries {path}: was written under another key; use that key or register again")
        return found

    def encode(self) -> bytes:
        """The file's content: one canary a line, so that a change shows in a diff."""
        head = msgspec.json.encode({"harmwatch_canaries": self.harmwatch_canaries, "key_check": self.key_check})
        lines = b",\n".join(map(msgspec.json.encode, self.canaries))
        return head[:-1] + b',"canaries":[\n' + lines + b"\n]}\n"


class Submitted(NamedTuple):
    """A value to be registered. ``line`` is all that is ever told of it."""

    line: int
    value: str
    label: str = DEFAULT_LABEL

    def __repr__(self) -> str:
        return f"Submitted(line={self.line})"


class Refusal(NamedTuple):
    """A value that is not registered, and why."""

    line: int
    reason: str


class Registration(NamedTuple):
    """What came of registering.

    Attributes
    ----------
    file
        With the values that were there before.
    added, duplicates
        Values that are new, and those whose canonical form was there already.
    refused
        In the order of lines.
    chance
        Expected number of new values that occur by chance at one position of random text, see `register`.
    """

    file: CanaryFile
    added: int
    duplicates: int
    refused: list[Refusal]
    chance: float


def register(submitted: Iterable[Submitted], keys: CanaryKeys, before: CanaryFile | None = None) -> Registration:
    """Make the entries of some values; the values themselves are in none of it.

    A value is refused when it would be found where nobody leaked it: fewer than `SHORTEST` canonical characters, fewer
    than four different ones, characters that count up or down (``12345678``), a date, a round number.

    The false-alarm bound: that a *different* text is taken for a value has a probability of 2**-128 for each
    comparison, and is not seen. What remains is chance: at one position of a text whose characters are drawn evenly and
    independently from the value's own script, a value of n digits occurs with a probability of 10**-n, one of n letters
    with 26**-n (36**-n when digits are among them), and one of n Chinese characters with 1000**-n (of the most common
    thousand; less for rarer ones).
    `Registration.chance` is the sum over the new values. Real text is not drawn so: values that people write without
    knowing each other (a common phrase, a round number) have no bound; do not register them.

    Parameters
    ----------
    before
        A file to add to, under the same keys.

    Raises
    ------
    ConfigError
        For too many values or labels, or too many values that differ only in their length.
    """
    held = list(before.canaries) if before is not None else []
    known = {entry.digest for entry in held}
    accepted: list[tuple[str, str, bytes]] = []
    refused: list[Refusal] = []
    duplicates, chance = 0, 0.0
    for line, value, label in submitted:
        form = canonical(value)
        reason = _refusal(form, value, label)
        if reason:
            refused.append(Refusal(line, reason))
            continue
        digest = keys.digest(form.encode("utf-32-le"))
        if digest.hex() in known:
            duplicates += 1
            continue
        known.add(digest.hex())
        accepted.append((form, label, digest))
        chance += _chance(form)
        if len(held) + len(accepted) > MAX_CANARIES:
            raise ConfigError(f"more than {MAX_CANARIES} canaries; register those that matter most")
    # In the order of digests: it tells nothing about the order in which the values came.
    entries = sorted((*held, *_entries(accepted, keys)), key=lambda entry: entry.digest)
    if len({entry.label for entry in entries}) > MAX_LABELS:
        raise ConfigError(f"more than {MAX_LABELS} labels; a label names a kind of value, not a value")
    file = CanaryFile(FORMAT_VERSION, keys.check, entries)
    places_of(entries, keys)
    return Registration(file, len(accepted), duplicates, refused, chance)


def places_of(entries: Sequence[CanaryEntry], keys: CanaryKeys) -> dict[int, list[tuple[int, int]]]:
    """For each tag where a value that has it begins before it, and how long the value is: ``(anchor, length)``.

    Raises
    ------
    ConfigError
        When an anchor lies outside its value, or a tag has more than `MAX_PLACES` places.
    """
    places: dict[int, dict[tuple[int, int], None]] = {}
    for entry in entries:
        if entry.anchor + GRAM > entry.length:
            raise ConfigError("canaries: the file is damaged; register the values again")
        here = places.setdefault(keys.masked(entry.tag, bytes.fromhex(entry.digest)), {})
        here[entry.anchor, entry.length] = None
        if len(here) > MAX_PLACES:
            raise ConfigError(
                f"canaries: more than {MAX_PLACES} values hold the same rarest characters at different places; "
                "register fewer of them"
            )
    return {tag: list(here) for tag, here in places.items()}


def _entries(accepted: Sequence[tuple[str, str, bytes]], keys: CanaryKeys) -> list[CanaryEntry]:
    """Each value is looked for by the eight characters that it shares with the fewest others.

    Values often begin alike ("the access code is ..."). Looked for by that, each text with those words would have to be
    compared with all of them.
    """
    shared = Counter(gram for form, _, _ in accepted for gram in set(_grams(form)))
    entries: list[CanaryEntry] = []
    for form, label, digest in accepted:
        grams = _grams(form)
        fewest = min(shared[gram] for gram in grams)
        options = [anchor for anchor, gram in enumerate(grams) if shared[gram] == fewest]
        anchor = options[int.from_bytes(digest[:8], "big") % len(options)]
        tag = keys.tag([*map(ord, grams[anchor])])
        entries.append(CanaryEntry(label, len(form), anchor, keys.masked(tag, digest), digest.hex()))
    return entries


def _grams(form: str) -> list[str]:
    return [form[start : start + GRAM] for start in range(len(form) - GRAM + 1)]


def is_label(word: str) -> bool:
    """Whether a word may be a label: at most 32 of the letters a to z, digits, _ and -."""
    return _LABEL.fullmatch(word) is not None


def _refusal(form: str, value: str, label: str) -> str:
    if not _LABEL.fullmatch(label):
        return "the label is no word of at most 32 letters a to z, digits, _ and -"
    if len(form) < SHORTEST:
        return f"fewer than {SHORTEST} letters and digits"
    if len(form) > LONGEST:
        return f"more than {LONGEST} letters and digits; register a part that occurs nowhere else"
    if len(set(form)) < _FEWEST_DIFFERENT:
        return f"fewer than {_FEWEST_DIFFERENT} different letters and digits"
    if len({ord(after) - ord(before) for before, after in pairwise(form)}) == 1:
        return "its letters or digits count up or down"
    if _COMMON_NUMBER.fullmatch(form):
        return "a date or a round number"
    if form in canonical(label):
        return "the label holds the value"
    return ""


def _chance(form: str) -> float:
    if form.isdecimal():
        return float(_DIGITS) ** -len(form)
    letters = _LETTERS + (_DIGITS if any(character.isdecimal() for character in form) else 0)
    han = len(_HAN.findall(form))
    return float(letters) ** -(len(form) - han) * float(_COMMON_HAN) ** -han
