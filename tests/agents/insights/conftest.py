"""Builders of statements: a test states what matters and nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest

from genie_finance.contracts.insights import InsightTask
from genie_finance.contracts.money import Money
from genie_finance.contracts.statements import Statement, Transaction
from genie_finance.insights.analyser import analyse

Row = dict[str, Any]


def _row(
    date: str | datetime.date, amount: str, merchant: str | None = None, category: str | None = None, **more: Any
) -> Row:
    """One movement: ISO date, signed amount in major units, then whatever else the test needs."""
    return {"date": date, "amount": amount, "merchant": merchant, "category": category, **more}


def _statement(rows: Iterable[Row]) -> Statement:
    """A statement; rows are numbered in their order unless they bring id and line."""
    transactions = []
    for number, row in enumerate(rows, start=1):
        values = {"id": f"t{number:05d}", "line": number, "narration": row.get("merchant") or "", **row}
        currency = values.pop("currency", "EUR")
        values["amount"] = Money.of(Decimal(values["amount"]), currency)
        transactions.append(Transaction.model_validate(values))
    return Statement(transactions=tuple(transactions))


def _task(rows: Iterable[Row], question: str = "") -> InsightTask:
    """What the desk would fan out for these rows."""
    statement = _statement(rows)
    return InsightTask(question=question, analysis=analyse(statement), statement=statement)


@pytest.fixture(scope="session")
def row() -> Callable[..., Row]:
    return _row


@pytest.fixture(scope="session")
def statement() -> Callable[[Iterable[Row]], Statement]:
    return _statement


@pytest.fixture(scope="session")
def task() -> Callable[..., InsightTask]:
    return _task
