"""Determines a file's format by its content, never by its name."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genie_finance.contracts.statements import Form

_HEAD = 4_096
_HEAD_LINES = 40
_HTML = ("<html", "<!doctype html", "<table", "<head", "<meta", "<style", "<body", "<div", "<center", "<workbook")
_SHEETS = ("<html", "excel.sheet", "schemas-microsoft-com:office:spreadsheet")
"""Tags that identify a page or a workbook in XML."""
_WIDE = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def form_of(content: bytes) -> Form:
    """Return the format of a file; ``csv`` if it is none of the others.

    Only the first four kilobytes are examined. XML that is not OFX counts as ``camt``, whose reader names the format if
    it is not a statement.
    """
    if content.startswith(b"PK\x03\x04"):
        return "xlsx"
    head = _head(content).lstrip("\ufeff \t\r\n").lower()
    if head.startswith(("ofxheader", "<ofx", "<?ofx")) or (head.startswith("<?xml") and _has_ofx(head)):
        return "ofx"
    if head.startswith(("!type:", "!account", "!option", "!clear")):
        return "qif"
    if head.startswith(_HTML) or (head.startswith("<?xml") and any(one in head for one in _SHEETS)):
        return "html"
    if head.startswith(("<?xml", "<document", "<!doctype document")):
        return "camt"
    return "mt940" if _is_mt940(head) else "csv"


def _head(content: bytes) -> str:
    for mark, encoding in _WIDE:
        if content.startswith(mark):
            return content[2:_HEAD].decode(encoding, "replace")
    return content.removeprefix(codecs.BOM_UTF8)[:_HEAD].decode("latin-1")


def _has_ofx(head: str) -> bool:
    return "<?ofx" in head or "<ofx>" in head or "<ofx " in head


def _is_mt940(head: str) -> bool:
    if head.startswith("{1:f"):
        return True
    lines = [line.lstrip("\x01\x03 ") for line in head.splitlines()[:_HEAD_LINES]]
    begins = next((at for at, line in enumerate(lines) if line.startswith(":20:")), None)
    return begins is not None and any(line.startswith((":25", ":28", ":60")) for line in lines[begins:])
