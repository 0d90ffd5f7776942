"""Makes ``ordinary.npz``, the tables of `agent.scoring.adversarial.ordinary`: what ordinary text looks like.

``python -m agent.models.ordinary_text --data DIR --out agent/models``: DIR is the folder of the training files. No
text with a disguise is read, and surprise is that of harmless texts; code is our own and that of Python's standard
library.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sysconfig
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.models.encoder.pretrained import package_files
from agent.scoring.adversarial.ordinary import CLASSES, FORMAT, SCALE
from agent.scoring.adversarial.spelling import exchanged
from agent.scoring.adversarial.surprise import classes_of

_OPENCC = (
    "opencc-python-reimplemented==0.1.7",
    "opencc/dictionary/",
    "41b3b92943c7bed291f448e9c7fad4b577c8c2eae30fcfe5a74edf8818493aa6",
)
_PINYIN = (
    "pypinyin==0.55.0",
    "pypinyin/pinyin_dict.json",
    "d53b1e8ad2cdb815fb2cb604ed3123372f5a28c6f447571244aca36fc62a286f",
)
_DISGUISED = re.compile("perturbed|obfuscated|jbb_artifacts")
_WORD = re.compile(r"[a-zäöüßéèêàçñáíóúâîôûœ]+(?:'[a-z]+)?")
_LEAST_TEXTS = {"en": 3, "de": 4, "fr": 4, "es": 4, "code": 4}
_ERROR_RATIO = 100
_LEAST_ERROR = 5
_CODE_SHARE = 0.25
_INTERPOLATION = 8.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="folder with toxicity.jsonl.gz, adversarial.jsonl.gz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--wheels", type=Path, help="folder with wheels that need not be downloaded")
    args = parser.parse_args()
    rows = list(_rows(args.data))
    prose, code = [row.text for row in rows if row.label == 0], list(_code())
    surprise = _surprise(_trigrams(prose), _trigrams(code))
    words = sorted(_words(rows, code))
    characters = _characters(args.wheels)
    spoken, sounds = _sounds(args.wheels)
    meta = {"format": FORMAT, "texts": len(prose), "files_of_code": len(code), "words": len(words)}
    np.savez_compressed(
        args.out / "ordinary.npz",
        meta=np.frombuffer(json.dumps(meta).encode(), np.uint8),
        surprise=surprise,
        words=np.frombuffer("\n".join(words).encode(), np.uint8),
        spoken=spoken,
        sounds=sounds,
        **characters,
    )
    print(json.dumps(meta))  # noqa: T201


class _Row(NamedTuple):
    lang: str
    label: int
    text: str


def _rows(folder: Path) -> Iterator[_Row]:
    """The rows without a disguise, each text once."""
    seen: set[str] = set()
    for task in ("toxicity", "adversarial"):
        with gzip.open(folder / f"{task}.jsonl.gz", "rt", encoding="utf-8") as stream:
            for line in stream:
                row = json.loads(line)
                if not _DISGUISED.search(row["id"]) and row["text"] not in seen:
                    seen.add(row["text"])
                    yield _Row(row["lang"], row["label"], row["text"])


def _code() -> Iterator[str]:
    """Our own sources and pages, and the standard library's."""
    here = Path(__file__).resolve().parents[2]
    for folder in ("agent", "streams", "tests", "deploy", "docs"):
        for pattern in ("*.py", "*.md", "*.yaml", "*.html", "*.js", "*.css"):
            yield from (path.read_text("utf-8") for path in sorted((here / folder).rglob(pattern)))
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.glob("*.py")) + sorted(library.glob("*/*.py")):
        if "site-packages" not in path.parts and "test" not in path.parts:
            yield path.read_text("utf-8", "replace")[:20_000]


def _trigrams(texts: Iterable[str]) -> NDArray[np.float64]:
    """How often each three classes follow each other, float64 [CLASSES, CLASSES, CLASSES]."""
    counts = np.zeros(CLASSES**3, np.int64)
    for text in texts:
        classes = classes_of(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)).astype(np.int64)
        if len(classes) >= 3:
            codes = (classes[:-2] * CLASSES + classes[1:-1]) * CLASSES + classes[2:]
            counts += np.bincount(codes, minlength=CLASSES**3)
    return counts.reshape(CLASSES, CLASSES, CLASSES).astype(np.float64)


def _surprise(prose: NDArray[np.float64], code: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Parts of a bit, by interpolated estimates (Jelinek and Mercer 1980) of a mixture of prose and code."""
    counts = prose + code * (_CODE_SHARE / (1.0 - _CODE_SHARE) * prose.sum() / code.sum())
    pairs, singles = counts.sum(axis=0), counts.sum(axis=(0, 1))
    single = (singles + 1.0) / (singles.sum() + CLASSES)
    pair = (pairs + _INTERPOLATION * single) / (pairs.sum(axis=1, keepdims=True) + _INTERPOLATION)
    triple = (counts + _INTERPOLATION * pair[None]) / (counts.sum(axis=2, keepdims=True) + _INTERPOLATION)
    bits = -np.log2(triple).reshape(-1)
    parts: NDArray[np.uint8] = np.clip(np.rint(bits * SCALE), 0, 255).astype(np.uint8)
    return parts


def _words(rows: Iterable[_Row], code: Iterable[str]) -> set[str]:
    """The words that stand in several texts of their language, harmful ones too, or files of code."""
    texts: dict[str, Counter[str]] = {}
    for lang, text in [*((row.lang, row.text) for row in rows), *(("code", text) for text in code)]:
        if lang in _LEAST_TEXTS:
            found = set(_WORD.findall(text.lower().replace("’", "'")))
            texts.setdefault(lang, Counter()).update(word for word in found if len(word) >= 2)
    return {
        word
        for lang, counts in texts.items()
        for word, n in counts.items()
        if n >= _LEAST_TEXTS[lang] and not _is_common_error(word, counts)
    }


def _is_common_error(word: str, counts: Counter[str]) -> bool:
    """What many write for a word that far more write ("thier"); short ones may be words of their own ("sue")."""
    least = _ERROR_RATIO * counts[word]
    return len(word) >= _LEAST_ERROR and any(counts[other] >= least for other in exchanged(word))


def _characters(wheels: Path | None) -> dict[str, NDArray[np.uint16]]:
    """Characters of one writing alone: those of OpenCC's tables that do not stand for themselves in the other."""
    files = package_files(*_OPENCC, wheels)

    def table(name: str) -> dict[str, list[str]]:
        lines = files[f"{_OPENCC[1]}{name}"].decode("utf-8").splitlines()
        pairs = (line.split("\t") for line in lines if "\t" in line)
        return {old: new.split() for old, new in pairs if len(old) == 1 and ord(old) < 0x10000}

    simpler = {
        old: new[0] for old, new in table("TSCharacters.txt").items()
        if old not in new and len(new[0]) == 1 and ord(new[0]) < 0x10000
    }  # fmt: skip
    only = [old for old, new in table("STCharacters.txt").items() if old not in new and old not in simpler]
    return {
        "traditional": np.array([ord(old) for old in simpler], np.uint16),
        "plain": np.array([ord(new) for new in simpler.values()], np.uint16),
        "only_simplified": np.array(sorted(map(ord, only)), np.uint16),
    }


def _sounds(wheels: Path | None) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Characters with the number of their commonest syllable (pinyin-data, MIT), from 1 on, without its tone."""
    content = json.loads(package_files(*_PINYIN, wheels)[_PINYIN[1]])
    syllables = {
        int(code): "".join(c for c in unicodedata.normalize("NFD", said.split(",")[0]) if not unicodedata.combining(c))
        for code, said in content.items()
        if 0x4E00 <= int(code) <= 0x9FFF
    }
    numbers = {syllable: place for place, syllable in enumerate(sorted(set(syllables.values())), start=1)}
    spoken = sorted(syllables)
    return np.array(spoken, np.uint16), np.array([numbers[syllables[code]] for code in spoken], np.uint16)


if __name__ == "__main__":
    main()
