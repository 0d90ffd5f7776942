"""The table of recognisers, in packs that the configuration switches on. One file plus one line adds a recogniser."""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from agent.scoring.pii.base import Recognizer

__all__ = ["PACKS", "load_recognizers"]

PACKS: dict[str, tuple[str, ...]] = {
    "core": (
        "agent.scoring.pii.core.email_address",
        "agent.scoring.pii.core.email_disguised",
        "agent.scoring.pii.core.email_spelled",
        "agent.scoring.pii.core.phone_e164",
        "agent.scoring.pii.core.phone_national",
        "agent.scoring.pii.core.phone_in_context",
        "agent.scoring.pii.core.phone_spelled",
        "agent.scoring.pii.core.card",
        "agent.scoring.pii.core.iban",
        "agent.scoring.pii.core.crypto_address",
        "agent.scoring.pii.core.ipv4",
        "agent.scoring.pii.core.ipv6",
        "agent.scoring.pii.core.mac_address",
        "agent.scoring.pii.core.street_address",
        "agent.scoring.pii.core.address_labelled",
        "agent.scoring.pii.core.address_unit",
        "agent.scoring.pii.core.po_box",
        "agent.scoring.pii.core.name_announced",
        "agent.scoring.pii.core.coordinates",
        "agent.scoring.pii.core.coordinates_dms",
        "agent.scoring.pii.core.date_of_birth",
        "agent.scoring.pii.core.passport",
        "agent.scoring.pii.core.driving_licence",
        "agent.scoring.pii.core.medical_record",
        "agent.scoring.pii.core.mrn",
        "agent.scoring.pii.core.health_plan",
    ),
    "secrets": (
        "agent.scoring.pii.secrets.cloud_key",
        "agent.scoring.pii.secrets.azure_key",
        "agent.scoring.pii.secrets.ai_key",
        "agent.scoring.pii.secrets.developer_key",
        "agent.scoring.pii.secrets.messaging_key",
        "agent.scoring.pii.secrets.service_key",
        "agent.scoring.pii.secrets.webhook_address",
        "agent.scoring.pii.secrets.private_key",
        "agent.scoring.pii.secrets.unarmoured_key",
        "agent.scoring.pii.secrets.key_lines",
        "agent.scoring.pii.secrets.json_web_key",
        "agent.scoring.pii.secrets.putty_key",
        "agent.scoring.pii.secrets.wallet_key",
        "agent.scoring.pii.secrets.seed_phrase",
        "agent.scoring.pii.secrets.paired_secret",
        "agent.scoring.pii.secrets.jwt",
        "agent.scoring.pii.secrets.url_credentials",
        "agent.scoring.pii.secrets.url_token",
        "agent.scoring.pii.secrets.auth_header",
        "agent.scoring.pii.secrets.command_line",
        "agent.scoring.pii.secrets.sql_password",
        "agent.scoring.pii.secrets.credential_file",
        "agent.scoring.pii.secrets.markup_secret",
        "agent.scoring.pii.secrets.login_pair",
        "agent.scoring.pii.secrets.password_hash",
        "agent.scoring.pii.secrets.assigned_secret",
    ),
    "cn": (
        "agent.scoring.pii.cn.phone",
        "agent.scoring.pii.cn.resident_id",
        "agent.scoring.pii.cn.resident_id_grouped",
        "agent.scoring.pii.cn.phone_in_words",
        "agent.scoring.pii.cn.passport",
        "agent.scoring.pii.cn.travel_permit",
        "agent.scoring.pii.cn.uscc",
        "agent.scoring.pii.cn.licence_id",
        "agent.scoring.pii.cn.medical_id",
        "agent.scoring.pii.cn.plate",
        "agent.scoring.pii.cn.im_account",
        "agent.scoring.pii.cn.address",
        "agent.scoring.pii.cn.bank_account",
        "agent.scoring.pii.cn.date_of_birth",
        "agent.scoring.pii.cn.name_after_role",
        "agent.scoring.pii.cn.name_before_title",
    ),
    "hk_mo_tw": (
        "agent.scoring.pii.hk_mo_tw.hong_kong_id",
        "agent.scoring.pii.hk_mo_tw.macau_id",
        "agent.scoring.pii.hk_mo_tw.taiwan_id",
    ),
    "us": (
        "agent.scoring.pii.us.phone",
        "agent.scoring.pii.us.ssn",
        "agent.scoring.pii.us.ssn_spelled",
        "agent.scoring.pii.us.ssn_in_words",
        "agent.scoring.pii.us.itin",
        "agent.scoring.pii.us.ein",
        "agent.scoring.pii.us.bank_account",
        "agent.scoring.pii.us.routing_number",
        "agent.scoring.pii.us.npi",
        "agent.scoring.pii.us.medicare",
        "agent.scoring.pii.us.dea",
        "agent.scoring.pii.us.military_address",
    ),
    "uk": (
        "agent.scoring.pii.uk.nino",
        "agent.scoring.pii.uk.nhs_number",
        "agent.scoring.pii.uk.utr",
        "agent.scoring.pii.uk.driving_licence",
        "agent.scoring.pii.uk.bank_account",
        "agent.scoring.pii.uk.postcode",
    ),
    "eu": (
        "agent.scoring.pii.eu.national_id",
        "agent.scoring.pii.eu.punctuated_id",
        "agent.scoring.pii.eu.codice_fiscale",
        "agent.scoring.pii.eu.street_address",
    ),
    "india": (
        "agent.scoring.pii.india.aadhaar",
        "agent.scoring.pii.india.pan",
        "agent.scoring.pii.india.voter_id",
        "agent.scoring.pii.india.bank_account",
        "agent.scoring.pii.india.phone",
    ),
    "asia": (
        "agent.scoring.pii.asia.national_id",
        "agent.scoring.pii.asia.singapore_nric",
        "agent.scoring.pii.asia.korea_rrn",
    ),
    "americas": (
        "agent.scoring.pii.americas.national_id",
        "agent.scoring.pii.americas.cpf",
        "agent.scoring.pii.americas.curp",
        "agent.scoring.pii.americas.phone",
    ),
    "oceania": (
        "agent.scoring.pii.oceania.national_id",
        "agent.scoring.pii.oceania.medicare",
    ),
}
"""Modules by pack. Each has a `RECOGNIZER`; of hits that are equal in all else the first in the table is kept."""


def load_recognizers(packs: Iterable[str] = PACKS) -> list[Recognizer]:
    """Every recogniser of these packs, in the order of the table."""
    chosen = set(packs)
    return [
        importlib.import_module(path).RECOGNIZER for pack, paths in PACKS.items() if pack in chosen for path in paths
    ]
