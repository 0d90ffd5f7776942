"""Hardware addresses of network adapters."""

from __future__ import annotations

import re

from agent.scoring.pii.labels import labelled

__all__ = ["RECOGNIZER"]

_LABELS = (
    "mac mac_address mac_addr hardware_address physical_address ethernet_address device_address wifi_mac wi_fi_mac "
    "wlan_mac bssid bluetooth_address mac地址 物理地址 网卡地址"
)
_GROUP = re.compile("[^0-9A-Fa-f]")


def _judge(match: re.Match[str], in_context: bool) -> float:
    octets = bytes.fromhex(_GROUP.sub("", match["value"]))
    return 0.0 if octets[0] & 1 or len(set(octets)) == 1 else 0.9  # groups of machines; all zeros


RECOGNIZER = labelled(
    "hardware address",
    "IP",
    source="IEEE 802-2014 clause 8 (EUI-48: six octets; the lowest bit of the first is set in group addresses); "
    "an IP address's kin as an identifier of a device, GDPR recital 30; needs its label",
    words=_LABELS,
    value=r"(?:[0-9A-F]{2}[:-]){5}[0-9A-F]{2}|(?:[0-9A-F]{4}\.){2}[0-9A-F]{4}",
    judge=_judge,
    end=r"(?![\w:-]|\.[0-9A-F])",
    priority=7,
)
