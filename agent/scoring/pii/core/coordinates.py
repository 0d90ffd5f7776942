"""Positions on the earth that the text calls so."""

from __future__ import annotations

import re

from agent.scoring.pii.labels import labelled

__all__ = ["RECOGNIZER"]

_ONE_OF_TWO = "latitude lat longitude lon lng 纬度 经度 緯度 經度"
_PAIR = "coordinates coordinate coords geolocation gps gps_location gps_position location position 经纬度 經緯度 定位"
# Three decimals are a hundred metres: a house. With fewer it is a town.
_DEGREES = r"[-+]?[0-9]{1,3}\.[0-9]{3,15}"


def _judge(match: re.Match[str], in_context: bool) -> float:
    first, second = float(match["first"]), match["second"]
    if second is None:
        label = match["label"].lower()
        return 0.8 if abs(first) <= 180 and label in _ONE_OF_TWO.split() else 0.0
    low, high = sorted((abs(first), abs(float(second))))
    return 0.9 if low <= 90 and high <= 180 else 0.0


RECOGNIZER = labelled(
    "geographic coordinates",
    "ADDRESS",
    source="ISO 6709:2022 (latitude and longitude in decimal degrees), RFC 5870 (geo URI); needs a label",
    words=f"{_ONE_OF_TWO} {_PAIR}",
    value=rf"(?<![-+])(?P<first>{_DEGREES})(?: ?°)?(?: ?[NSEW](?![A-Z]))?"
    r"(?:[,;/ ]{1,3}(?:[\"'(]{0,2}(?:long?|lng|longitude|latitude|lat)[\"']?[ :=]{1,4}|东经|北纬|经度[ :]{0,3})?"
    rf"(?P<second>{_DEGREES})(?: ?°)?(?: ?[NSEW](?![A-Z]))?)?",
    judge=_judge,
    gap=r"[\W_]{0,12}(?:(?:are|is|of|at|coordinates?)[\W_]{1,4}){0,3}",
    end=r"(?![\w.])",
    priority=6,
)
