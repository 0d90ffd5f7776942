"""Recognisers of American countries. All values are made up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stdnum.ar import cuit
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.cl import rut
from stdnum.mx import curp

from tests.unit.scoring.pii.cases import Found, assert_checked, found

FOUND: list[Found] = [
    ("meu CPF: 00725778270", [("NATIONAL_ID", "00725778270")]),
    ("cliente 532.919.090-89 pagou", [("NATIONAL_ID", "532.919.090-89")]),
    ("CPF 007.257.782-70", [("NATIONAL_ID", "007.257.782-70")]),
    ("SIN 187 459 011", [("NATIONAL_ID", "187 459 011")]),
    ("social insurance number: 191-567-783", [("NATIONAL_ID", "191-567-783")]),
    ("RUT 12.254.147-9", [("NATIONAL_ID", "12.254.147-9")]),
    ("CUIT: 20-96938007-3", [("NATIONAL_ID", "20-96938007-3")]),
    ("registro BOXW310820HNERXN09 activo", [("NATIONAL_ID", "BOXW310820HNERXN09")]),
    ("CURP MAAR790213HMNRLF03", [("NATIONAL_ID", "MAAR790213HMNRLF03")]),
    ("ligue (11) 98765-4321", [("PHONE", "(11) 98765-4321")]),
    ("telefone (21) 3456-7890", [("PHONE", "(21) 3456-7890")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "00725778270",
    "532.919.090-88",
    "111.111.111-11",
    "v532.919.090-89",
    "SIN 187 459 012",
    "sin 0.187459011",
    "187 459 011",
    "RUT 12.254.147-8",
    "run 12345678 times",
    "CUIT 20-96938007-4",
    "BOXW310820HNERXN08",
    "order (11) 98765-4321",
    "(11) 18765-4321",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []


CHECKED: list[tuple[str, str, Callable[[str], bool], int]] = [
    ("CPF", "###.###.###-##", cpf.is_valid, 0),
    ("SIN", "1## ### ###", sin.is_valid, 0),
    ("RUT", "1#.###.###-#", rut.is_valid, 0),
    ("CUIT", "20-########-#", cuit.is_valid, 0),
    ("CURP", "BOXW3108#0HNERX@##", curp.is_valid, 0),
]


@pytest.mark.parametrize(("carrier", "form", "valid", "stray"), CHECKED)
def test_check_digits(carrier: str, form: str, valid: Callable[[str], bool], stray: int) -> None:
    assert_checked(carrier, "NATIONAL_ID", form, valid, stray)
