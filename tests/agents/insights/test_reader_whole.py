"""Whole files that no table of columns describes: read right, or wrong or refused with the reason."""

from __future__ import annotations

import tomllib
from collections import Counter
from decimal import Decimal

import pytest

from genie.errors import InputError
from genie_finance.contracts.statements import StatementReading
from genie_finance.insights.reader import read_statement
from tests.agents.insights.layouts import CORPUS

FILES = {
    name: file
    for path in sorted((CORPUS / "whole").glob("*.toml"))
    for name, file in tomllib.loads(path.read_text(encoding="utf-8")).items()
}
READ_PERCENT = 60
"""Some are in forms that are not read at all."""

Amounts = Counter[tuple[str, Decimal]]


def due(file: dict[str, str]) -> Amounts:
    """Return the amounts that are in a file: ``EUR -1.00 2.00; USD 3.00``."""
    groups = [group.split() for group in file["due"].split(";")]
    return Counter((currency, Decimal(amount)) for currency, *amounts in groups for amount in amounts)


def read(name: str, file: dict[str, str]) -> StatementReading | InputError:
    content = file["text"].lstrip("\n").replace("\n", "\r\n").encode(file.get("enc", "utf-8"))
    try:
        return read_statement(f"{name}.csv", content)
    except InputError as error:
        return error


def judged(name: str, file: dict[str, str]) -> str:
    """Return ``right``, ``told`` (wrong or refused, with the reason) or ``wrong``."""
    found = read(name, file)
    if isinstance(found, InputError):
        return "told"
    got = Counter((one.amount.currency, one.amount.amount) for one in found.statement.transactions)
    if got == due(file):
        return "right"
    if sorted(amount for _, amount in got.elements()) == sorted(amount for _, amount in due(file).elements()):
        told = any(one.field in {"currency", "currency_column"} for one in found.assumptions)
    else:
        told = bool(found.unproven or found.quarantined) or any(
            "not follow" in one or "movements come to" in one for one in found.notices
        )
    return "told" if told else "wrong"


@pytest.fixture(scope="module")
def verdicts() -> dict[str, str]:
    return {name: judged(name, file) for name, file in FILES.items()}


def test_no_file_is_read_wrong_without_a_notice(verdicts: dict[str, str]) -> None:
    assert [name for name, kind in verdicts.items() if kind == "wrong"] == []


def test_most_files_are_read(verdicts: dict[str, str]) -> None:
    told = [name for name, kind in verdicts.items() if kind != "right"]
    assert len(told) * 100 <= (100 - READ_PERCENT) * len(verdicts), told
