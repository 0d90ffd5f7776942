"""Units of measurement and magnitudes that follow (or, for money, precede) a number."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["FIRST", "MAGNITUDE", "MAGNITUDES", "PREFIXES", "UNIT", "UNITS"]

MAGNITUDES: Final[dict[str, int]] = {
    "万亿": 10**12, "千万": 10**7, "百万": 10**6, "十万": 10**5, "亿": 10**8, "万": 10**4, "千": 10**3, "百": 100,
    "trillion": 10**12, "billion": 10**9, "million": 10**6, "thousand": 10**3, "hundred": 100, "dozen": 12,
    "bn": 10**9, "mn": 10**6, "k": 10**3,
}  # fmt: skip
"""Word to factor."""

# 千克, 千米, 千卡 and 百分之 are no magnitudes. The letter k counts only where it touches the number.
MAGNITUDE: Final = re.compile(
    r"(?:k|[ ]?(?:trillion|billion|million|thousand|hundred|dozen|bn|mn))(?![A-Za-z])"
    r"|[ ]?(?:万亿|千万|百万|十万|亿|万|千(?![克米瓦卡])|百(?!分))",
)

_TABLE = """
% 1: % percent pct 个百分点
usd 1: dollar dollars usd 美元 美金
eur 1: euro euros eur 欧元
gbp 1: gbp 英镑
cny 1: yuan rmb cny 元 块 块钱 人民币
jpy 1: yen jpy 日元
metre 1: m metre metres meter meters 米
metre 1000: km kilometre kilometres kilometer kilometers 公里 千米
metre 0.01: cm centimetre centimetres centimeter centimeters 厘米
metre 0.001: mm millimetre millimetres millimeter millimeters 毫米
metre 0.000001: µm μm micrometre micrometres micrometer micrometers micron microns 微米
metre 0.000000001: nm nanometre nanometres nanometer nanometers 纳米
metre 1609.344: mile miles 英里
metre 0.3048: ft foot feet 英尺
metre 0.0254: inch inches 英寸
gram 1: g gram grams 克
gram 1000: kg kilogram kilograms kilo kilos 公斤 千克
gram 0.001: mg milligram milligrams 毫克
gram 0.000001: mcg ug µg μg microgram micrograms 微克
gram 500: 斤
gram 453.59237: lb lbs 磅
gram 28.349523125: oz ounce ounces 盎司
gram 1000000: ton tons tonne tonnes 吨
second 1: second seconds sec secs 秒 秒钟
second 0.001: ms msec millisecond milliseconds 毫秒
second 60: minute minutes min mins 分钟
second 3600: hour hours hr hrs h 小时 个小时 个钟头
second 86400: day days 天
second 604800: week weeks 周 个星期 个礼拜 星期
month 1: month months 个月
month 12: year years yr yrs 岁 周岁
litre 1: l litre litres liter liters 升
litre 0.001: ml millilitre millilitres milliliter milliliters 毫升
cubic_metre 1: m³ m3 cubic_metre cubic_metres cubic_meter cubic_meters 立方米
square_metre 1: m² m2 sqm sq_m square_metre square_metres square_meter square_meters 平方米 平米
square_metre 1000000: km² km2 sq_km square_kilometre square_kilometres square_kilometer square_kilometers
square_metre 1000000: 平方公里 平方千米
square_metre 10000: ha hectare hectares 公顷
square_metre 4046.8564224: acre acres 英亩
square_metre 0.09290304: ft² sqft sq_ft square_foot square_feet 平方英尺
km/h 1: km/h kmh kph km/hr 公里/小时 千米/小时
km/h 1.609344: mph 英里/小时
km/h 3.6: m/s 米/秒
kcal 1: kcal kilocalorie kilocalories 千卡 大卡
byte 1000: kb
byte 1000000: mb
byte 1000000000: gb
byte 1000000000000: tb
celsius 1: °c ℃ 摄氏度
fahrenheit 1: °f ℉ 华氏度
degree 1: ° degree degrees 度
"""

UNITS: Final[dict[str, tuple[str, float]]] = {
    alias.replace("_", " "): (head.split()[0], float(head.split()[1]))
    for head, _, aliases in (line.partition(":") for line in _TABLE.strip().splitlines())
    for alias in aliases.split()
}
"""Alias (``_`` in the table is a blank) to its quantity and the factor to the quantity's base unit.

Not ``pound``, which is money and weight.
"""

_ALIASES = sorted(UNITS, key=len, reverse=True)
_WORDS = "|".join(re.escape(alias) for alias in _ALIASES if alias.isascii() and alias.isalpha())
# km/h and m² come before km and m. A word ends where its letters end; a Chinese unit is followed by whatever comes.
_SIGNS = "|".join(
    re.escape(alias) + ("(?![A-Za-z])" if alias[-1].isascii() and alias[-1].isalpha() else "")
    for alias in _ALIASES
    if not (alias.isascii() and alias.isalpha())
)
UNIT: Final = re.compile(rf"[ -]?(?:(?P<sign>{_SIGNS})|(?P<word>{_WORDS})(?![A-Za-z]))")

FIRST: Final = frozenset(word[0] for word in (*UNITS, *MAGNITUDES))
"""What units and magnitudes begin with: most numbers are followed by something else, which is quickly seen."""

PREFIXES: Final[dict[str, str]] = {"$": "usd", "€": "eur", "£": "gbp", "¥": "cny"}
"""Signs of money before a number."""
