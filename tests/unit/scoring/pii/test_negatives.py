"""Texts full of numbers, names and codes that are nobody's data: the false alarms that users of such tools report."""

from __future__ import annotations

import random

import pytest
from scipy.stats import binom, binomtest

from agent.scoring.pii import PiiScorer
from agent.scoring.pii.base import CATEGORIES
from tests.bench.negative_texts import MAKERS, digits_of, negative_texts
from tests.bench.negatives import BOUNDS, count_hits, upper_limit

COUNT = 4000
CHANCE = 1e-4
"""That more hits than allowed are found where the rate is just at its bound, for each type."""


def test_false_alarms_are_rare() -> None:
    """The same bounds as in tests/bench/negatives.py, with slack for chance: 4 hits at 1e-4, 9 at 5e-4."""
    hits = count_hits(negative_texts(COUNT))
    allowed = {kind: int(binom.isf(CHANCE, COUNT, bound)) for kind, bound in BOUNDS.items()}
    assert set(allowed) == set(CATEGORIES)
    assert {kind: count for kind, count in hits.items() if count > allowed[kind]} == {}


def test_the_texts_are_of_every_kind_and_the_same_for_a_seed() -> None:
    texts = list(negative_texts(2 * len(MAKERS), seed=3))
    assert texts == list(negative_texts(2 * len(MAKERS), seed=3))
    assert len(set(texts)) > 1.9 * len(MAKERS)


@pytest.mark.parametrize("hits", [0, 1, 7])
def test_the_upper_limit_is_that_of_clopper_and_pearson(hits: int) -> None:
    expected = binomtest(hits, 20_000, alternative="less").proportion_ci(0.95, method="exact").high
    assert upper_limit(hits, 20_000) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text",
    [
        "call id 1732356000",
        "the call took 1732356000 ns",
        "call stack at 1732356000123",
        "the call to foo returned 1732356000",
        "call_id 1732356000",
        '{"call_id": 1732356000}',
        "tool_call_id=1732356000",
        "handy tool 5550100",
        "A handy trick: 2147483647 is the largest int",
        "This is a handy command: kill 12345678",
        "Ihre Bestellung 4539578763621486 wurde verschickt",
        "votre commande 4539578763621486",
        "mi pedido 4539578763621486",
        "Bestellung 13912345678",
        "order no. +14155550132",
        "order number is +1 415 555 0132",
        "ticket ID: +1 415 555 0132",
        "Bestellnummer +49 170 1234567",
        "订单号: +86 13912345678",
        "訂單號碼 +86 13912345678",
        "version +1 415 555 0132",
        "the call took 4155550132 ns",
        "order 4155550132 phone",
        "El celular cuesta 1.299.000 pesos",
        "El móvil cuesta 1.250.000 pesos",
        "La app móvil tiene 1.200.000 descargas",
        "telefonía móvil, 3.234.567 líneas",
        "O telefone custou 2.500.000 guaranis",
        "Il cellulare costa 1.299.000 lire",
        "Das Telefon kostete 1.299.000 Mark",
        "Telefon: 12.345.678 Anschlüsse",
        "móvil, 123.456.000 líneas",
        "precio 1299000 celular",
        "El iPhone 13, precio 12999000, celular.",
        "price: 12999000 (tel)",
        "population 1234567 (tel)",
        "total population of 1234567 (tel)",
        "saldo 1.234.567 celular",
        "Serie 35 209900 176148 móvil",
        "Order 1234567890 (tel)",
        "ticket 4155550132, tel",
        "handy 0123456789 bytes",
        "build +1 415 555 0132",
        "batch +14155550132",
        "item +1 415 555 0132",
        "Bestellung Nr. +49 170 1234567",
        "Bestell-Nr.: 030 12345678",
        "Auftragsnr. 030 12345678",
        "Rechnungs-Nr. 030 12345678",
        "commande n° +33 6 12 34 56 78",
        "numéro de commande 06 12 34 56 78",
        "N° de la commande : 06 12 34 56 78",
        "no de commande +33 6 12 34 56 78",
        "número de pedido +34 612 345 678",
        "nº do pedido (11) 98765-4321",
        "numero d'ordine +39 340 123 4567",
        "My order no. was 1234567890, please call me back",
        "Please call about order ref. number 4155550132",
        "Phone query, claim ref. number: 2345678901",
        "Ticket Nr. ist 1234567890, Rückruf erbeten",
        "Please contact us, invoice num. was 2345678901",
        "Contact us with 1234567 hashtags",
        "El teléfono móvil dura 1234567 dias",
        "celular vendeu 1234567 mais que o ano passado",
        "Le téléphone coûte 1234567 dans ce pays",
        "O app de telefone tem 301.234.567 dos downloads",
        "celular vendeu 1234567 das unidades",
        "telefone vendeu 1234567 aos clientes",
        "El teléfono costó 1234567 dos veces",
        "móvil vendió 1234567 gracias a la campaña",
        "Ticket id. was 4155550132 call",
    ],
)
def test_what_users_of_logs_and_shops_report(text: str) -> None:
    assert PiiScorer().score_text(text).spans == ()


@pytest.mark.parametrize(
    "text",
    [
        "call me: 1732356000",
        "Please call 1932345678",
        "call 1932345678 to reach us",
        "call us on 1632960123",
        "Call us when it has finished at 4155550132",
        "Please call if the payment failed: 4155550132",
        "Call Ann, she returned 4155550132",
        "Missed call returned with 4155550132",
        "call back ID 4155550132",
        "call me (WhatsApp ID: 4155550132)",
        "meine Handynummer 4155550132",
        "call Ann at 1701234567",
        "reach me at 1732356000",
        "dial 1701234567",
        "phone is 1932345678",
        "mobile 1632345678",
        "phone 1415555013200",
        "电话 1632345678",
        "commande, mon téléphone 06 12 34 56 78",
        "Bestellung per Telefon 030 12345678",
        "Telefon zur Bestellung 030 12345678",
        "Bestellung unter +49 170 1234567",
        "Rechnung +49 30 12345678",
        "Auftrag: Kundin Meier, +49 170 1234567",
        "Pour toute commande: +33 6 12 34 56 78",
        "commande 06 12 34 56 78",
        "colis, tél. 06 12 34 56 78",
        "factura 600123456 teléfono",
        "mi pedido, +34 612 345 678",
        "pedido 612345678 (móvil)",
        "cliente do pedido: (11) 98765-4321",
        "encomenda 912 345 678 telemóvel",
        "ordine: +39 340 123 4567",
        "Telefon: 0301234567",
        "Handy 01701234567",
        "Mobil: 01701234567",
        "telemóvel 912345678",
        "order +1 415 555 0132",
        "ticket: customer at +1 415 555 0132",
        "订单 +86 13912345678",
        "Conference call ID: 4155550132",
        "teléfono 612.345.678",
        "Telefon: 030.123.456",
        "handy 0664 1234567",
        "problema no pedido +351 912 345 678",
        "commande n° 4711 : +33 6 12 34 56 78",
        "numéro de commande 4711, 06 12 34 56 78",
        "Bestellung Nr. 4711, 030 12345678",
        "numéro de téléphone pour la commande 06 12 34 56 78",
        "la commande n'est pas là, +33 6 12 34 56 78",
        "Where is my parcel? Number: 415-555-0132",
        "I have a ticket. Number is 415-555-0132",
        "Wo ist meine Bestellung? Nummer: 0171 1234567",
        "¿Dónde está mi pedido? Número: +34 612 345 678",
        "Où est ma commande ? Numéro : 06 12 34 56 78",
        "We build. +1 415 555 0132",
        "One more item. +1 415 555 0132",
        "Mi celular es 612.345.678 gracias",
        "Mi celular es 612 345 678 gracias",
        "Meu telefone é 912.345.678 depois das 18h",
        "Meu telefone é 912.345.678 das 9h às 18h",
        "El teléfono de la clínica es 912.345.678 lunes a viernes",
        "meu celular 912.345.678 mais tarde",
        "Telefone 213.456.789 dias úteis",
        "Mein Telefon ist 301.234.567 werktags",
        "Mon tél est 612.345.678 tous les jours",
        "phone 912.345.678 weekdays",
        "Téléphone 612345678 dans la journée",
    ],
)
def test_a_number_to_call_is_one(text: str) -> None:
    assert [span.category for span in PiiScorer().score_text(text).spans] == ["pii.phone"]


@pytest.mark.parametrize(
    "text",
    [
        "Rechnung mit Karte 4539578763621486 bezahlt",
        "Me han pedido mi tarjeta 4539578763621486",
        "Para mi pedido, tarjeta 4539578763621486",
        "mon commande, carte 4539578763621486",
    ],
)
def test_a_card_is_one_beside_an_order(text: str) -> None:
    assert [span.category for span in PiiScorer().score_text(text).spans] == ["pii.card"]


def test_bare_random_numbers() -> None:
    """Without any word around them, sixteen random digits pass as a card only by issuer, length and check digit."""
    rng = random.Random(7)
    scorer = PiiScorer(types=["CARD", "NATIONAL_ID", "BANK_ACCOUNT"])
    hits = sum(bool(scorer.score_text(digits_of(rng, rng.randrange(9, 20))).spans) for _ in range(5000))
    assert hits <= 0.03 * 5000
