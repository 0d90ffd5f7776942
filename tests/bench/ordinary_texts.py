"""Ordinary texts that look like disguises and are none: code, mathematics, addresses, scripts with marks and joiners.

Made anew from words and patterns, not collected; the same for the same number.
"""

from __future__ import annotations

import random
import string
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import quote

from tests.bench.negative_texts import negative_texts

__all__ = ["MADE"]


def _words(text: str) -> list[str]:
    return text.split()


_WORDS = _words("total index user price order value result list config name item count size path key node data file")
_THAI = _words("ฉัน อยาก รู้ ว่า พรุ่งนี้ อากาศ จะ เป็น อย่างไร ที่ กรุงเทพ กิน ข้าว แล้ว หรือ ยัง ขอบคุณ มาก")
_HINDI = _words("मुझे कल के मौसम के बारे में जानना है क्‍या बारिश होगी धन्यवाद बहुत अच्छा क्षमा कीजिए विद्यालय")
_PERSIAN = _words("می‌خواهم کتاب‌هایم را به کتابخانه برگردانم نمی‌دانم خانه‌ها کجاست ممنون خوب است دوست‌داشتنی")
_ARABIC = _words("أريد أن أعرف المزيد عن الطقس في المدينة غدًا شكرًا جزيلًا مَرْحَبًا كَيْفَ حالُكَ كتاب")
_VIETNAMESE = _words("tôi muốn biết thời tiết ngày mai ở Hà Nội như thế nào cảm ơn bạn rất nhiều được không người Việt")
_FRENCH = _words("où est le café près de l'hôtel ça coûte très cher à Noël naïveté élève forêt garçon août œuvre")
_RUSSIAN = _words("расскажите пожалуйста какая завтра будет погода в Москве сколько стоит билет iPhone VIP спасибо")
_GREEK = _words("θα ήθελα να μάθω τι καιρό θα κάνει αύριο στην Αθήνα ευχαριστώ πολύ καλημέρα")
_TAIWAN = _words("我想 知道 明天 臺北 的 天氣 怎麼樣 謝謝 您的 幫忙 請問 這個 軟體 要 怎麼 使用 圖書館 在 哪裡")
_JAPANESE = _words("明日の 東京の 天気を 教えて ください ありがとう ございます データを 見たい です ＡＢＣ 会社 カメラ")
_EMOJI = _words("👨‍👩‍👧‍👦 🏳️‍🌈 ❤️ 👍🏽 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇩🇪 😀 🧑‍💻 ☀️ 1️⃣ ❤️‍🔥")
_SYMBOLS = _words(
    "α β γ Δt μm λ π Σ ∫ √x x² y₃ ≤ ≥ ∈ ℝ ℕ → ∀ ∃ 10⁻⁹ ½ 3×4 f(x) sin(θ) \\frac{a}{b} \\sum_{i=1}^{n} 𝑥 𝑦 ⟨v⟩ a·b"
)


def _sentences(words: Sequence[str], blank: str = " ", end: str = ".") -> Callable[[random.Random], str]:
    def make(rng: random.Random) -> str:
        return blank.join(rng.choice(words) for _ in range(rng.randrange(4, 25))) + end

    return make


def _code(rng: random.Random) -> str:
    name, other, third = rng.sample(_WORDS, 3)
    number = rng.randrange(1, 1000)
    return rng.choice(
        (
            f"def {name}_{other}({third}: int) -> list[int]:\n    return [x{number % 9} for x in {third}[:{number}]]\n",
            f"for (let i = 0; i < {name}.length; i++) {{ {other}[i] += {name}[i] * {number}; }}",
            f"SELECT {name}, COUNT(*) FROM {other} WHERE {third} >= {number} GROUP BY 1;",
            f'{{"{name}": [{number}, {{"{other}": null}}], "{third}": "v{number}"}}',
            f'#include <stdio.h>\nint main(void) {{ printf("%d\\n", {number} % 7); return 0x{number:04x}; }}',
            f"curl https://example.com/{name}/{uuid.UUID(int=rng.getrandbits(128))} -d '{{\"{other}\": {number}}}'",
            f"git checkout {rng.getrandbits(160):040x} && make {name} -j{number % 16}",
            f'<div class="{name}-{other}"><a href="/{third}?id={number}&amp;x=1">{name}</a>&nbsp;</div>',
            f"const {name}B64 = 'iVBORw0KGgo{''.join(rng.choices(string.ascii_letters + string.digits, k=60))}';",
            f"/^[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{{2,{number % 9 + 2}}}$/i.test({name})",
        )
    )


def _address(rng: random.Random) -> str:
    word = rng.choice(_FRENCH + _RUSSIAN + ["北京", "天氣", "東京", "kraków", "são paulo"])
    path = "/".join(rng.sample(_WORDS, 3))
    inner = quote(f"https://example.com/{path}?id={rng.randrange(999)}", safe="")
    return rng.choice(
        (
            f"https://www.example.org/{path}?q={quote(word)}%20{rng.randrange(99)}&lang=fr%2FFR#top",
            f"https://zh.wikipedia.org/wiki/{quote(word)} and mailto:a.b@example.com?subject=Hello%20there",
            f"http://example.com/login?next={inner}",
            f"s3://bucket-{rng.randrange(99)}/{path}/part-{rng.randrange(99999):05d}.parquet",
        )
    )


def _made(make: Callable[[random.Random], str], seed: int) -> Callable[[int], Iterator[str]]:
    def texts(count: int) -> Iterator[str]:
        rng = random.Random(seed)
        return (make(rng) for _ in range(count))

    return texts


MADE: Mapping[str, Callable[[int], Iterator[str]]] = {
    "made: code": _made(_code, 1),
    "made: mathematics": _made(_sentences(_SYMBOLS + _WORDS), 2),
    "made: addresses": _made(_address, 3),
    "made: numbers and identifiers": lambda count: negative_texts(count, 4),
    "made: emoji": _made(_sentences(_EMOJI + _WORDS), 5),
    "made: Thai": _made(_sentences(_THAI, "\u200b"), 6),
    "made: Hindi": _made(_sentences(_HINDI, end="।"), 7),
    "made: Persian": _made(_sentences(_PERSIAN), 8),
    "made: Arabic": _made(_sentences(_ARABIC), 9),
    "made: Vietnamese": _made(_sentences(_VIETNAMESE), 10),
    "made: French": _made(_sentences(_FRENCH), 11),
    "made: Russian": _made(_sentences(_RUSSIAN), 12),
    "made: Greek": _made(_sentences(_GREEK), 13),
    "made: Chinese of Taiwan": _made(_sentences(_TAIWAN, "", "。"), 14),
    "made: Japanese": _made(_sentences(_JAPANESE, "", "。"), 15),
}
"""By kind of text: a function from a number of texts to them."""
