"""Label sets as text formats have them."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["around_le", "escape", "label_text"]

#: In no label value: they are cleaned of what does not print.
_PLACE = "\0"


def escape(text: str) -> str:
    """A label value, or a help text of OpenMetrics, between its quotes."""
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def label_text(labels: Mapping[str, str]) -> str:
    """``{a="x",b="y"}``, by name as prometheus_client sorts them; nothing for none."""
    if not labels:
        return ""
    return "{" + ",".join([f'{name}="{escape(value)}"' for name, value in sorted(labels.items())]) + "}"


def around_le(labels: Mapping[str, str]) -> tuple[str, str]:
    """The same with a bucket's edge, ``le``, in its place: what stands before the edge, and what behind."""
    before, _, after = label_text({**labels, "le": _PLACE}).partition(_PLACE)
    return before, after
