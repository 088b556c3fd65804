"""Creates or changes money and transactions without validation, where the calling code has already checked the parts.

A bulk statement makes each transaction once and changes it three times; pydantic's methods take two to four times as
long and five times the memory, mostly for the sets of given fields. The results equal those of the constructor or
``model_copy``; all fields of a transaction created here count as given, in one shared set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from genie_finance.contracts.money import Money
from genie_finance.contracts.statements import Transaction

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

_Made = TypeVar("_Made", Money, Transaction)
_new = object.__new__  # neither class has its own
_set_values, _set_given, _set_extra, _set_private = (
    BaseModel.__dict__[name].__set__
    for name in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)
"""Attribute where pydantic keeps a model's values; the models are frozen, so ordinary assignment fails."""
_BLANK = {name: field.default for name, field in Transaction.model_fields.items()}
"""Every field in its order, which is that of the JSON."""
_GIVEN = set(_BLANK)
_GIVEN_OF_MONEY = {"minor", "currency"}


def money(minor: int, currency: str) -> Money:
    """Return an amount.

    Args:
        minor: Signed, in minor units.
        currency: Three capitals; not validated.
    """
    return _made(Money, {"minor": minor, "currency": currency}, _GIVEN_OF_MONEY)


def transaction(
    id_: str,
    line: int,
    account: str,
    date: datetime.date,
    narration: str,
    amount: Money,
    balance: Money | None,
    file: str,
) -> Transaction:
    """Return a movement from a row of a table; other fields have their defaults."""
    values = _BLANK.copy()
    values["file"] = file
    values["id"], values["line"], values["account"] = id_, line, account
    values["date"], values["narration"], values["amount"], values["balance"] = date, narration, amount, balance
    return _made(Transaction, values, _GIVEN)


def restated(one: Transaction, amount: Money, balance: Money | None) -> Transaction:
    """Return a transaction with other amounts."""
    values = one.__dict__.copy()
    values["amount"], values["balance"] = amount, balance
    return _made(Transaction, values, _GIVEN)


def changed(one: Transaction, changes: Mapping[str, object]) -> Transaction:
    """Return a transaction with other values of some fields.

    Args:
        one: It is not changed.
        changes: Values by field name; neither is validated.
    """
    return _made(Transaction, {**one.__dict__, **changes}, _GIVEN)


def _made(kind: type[_Made], values: dict[str, Any], given: set[str]) -> _Made:  # as pydantic keeps a model's values
    made = _new(kind)
    _set_values(made, values)
    _set_given(made, given)
    _set_extra(made, None)
    _set_private(made, None)
    return made
