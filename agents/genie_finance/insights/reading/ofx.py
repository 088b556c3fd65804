"""OFX, versions 1 (SGML) and 2 (XML): bank and card statements.

Source: OFX 2.2, chapters 2 (header), 3 (amounts, dates) and 11 (statements); 1.6 for the header of version 1.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from genie.errors import InputError
from genie_finance.domain.narrations import Rail
from genie_finance.insights.reading.bookings import Balance, Block, Booking, compose, stated_reference
from genie_finance.insights.reading.choices import name_lines
from genie_finance.insights.reading.encoding import decode
from genie_finance.insights.reading.sgml import sgml_tree
from genie_finance.insights.reading.values import exact_amount, exact_date
from genie_finance.insights.reading.wording import joined, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from genie_finance.contracts.statements import StatementProfile, StatementReading
    from genie_finance.insights.reading.choices import Choices
    from genie_finance.insights.reading.nodes import Node

_STATEMENTS = ("STMTRS", "CCSTMTRS", "INVSTMTRS")
_ACCOUNTS = ("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM")
_HEADER = 1_000
_CARD_DIGITS = 4
_CHARSETS = {"1252": "cp1252", "ISO-8859-1": "latin-1", "8859-1": "latin-1", "UTF-8": "utf-8", "UNICODE": "utf-8"}
_RAILS = {
    "XFER": Rail.TRANSFER, "ATM": Rail.CASH, "CASH": Rail.CASH, "POS": Rail.CARD, "CHECK": Rail.CHECK,
    "DIRECTDEBIT": Rail.DIRECT_DEBIT, "REPEATPMT": Rail.STANDING_ORDER, "DEP": Rail.DEPOSIT,
}  # fmt: skip
_OUT = frozenset({"DEBIT", "PAYMENT", "CHECK", "ATM", "POS", "DIRECTDEBIT", "SRVCHG", "FEE", "CASH", "REPEATPMT"})
_IN = frozenset({"CREDIT", "DEP", "DIRECTDEP"})


def read_ofx(name: str, content: bytes, profile: StatementProfile, choices: Choices) -> StatementReading:
    """Return the transactions of every statement in an OFX file.

    Raises:
        InputError: It is malformed, cut off, or contains no statement or no readable transactions.
    """
    text = decode(name, content, profile, choices, declared=_declared(content))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    start = text.lower().find("<ofx>")
    if start < 0:
        raise InputError(name, "has the header of an OFX file but no <OFX> element", "export it again")
    tree = sgml_tree(name, "\n" * text.count("\n", 0, start) + text[start:])
    _refuse_entities(name, text[:start])
    statements = list(tree.below(*_STATEMENTS))
    if not statements:
        code = next(
            (status.value("CODE") for status in tree.below("STATUS") if status.value("SEVERITY") == "ERROR"), ""
        )
        why = f", only the bank's error code {code[:6]}" if code.isdigit() else ""
        raise InputError(name, f"is an OFX file without a bank or card statement{why}", "export a statement")
    blocks = [_block(statement, choices) for statement in statements]
    _say_what_is_left_out(statements, choices)
    return compose(name, "ofx", blocks, profile, choices)


def _declared(content: bytes) -> str:
    """Return the encoding in the header; empty for UTF-8 of version 2, or if it names none."""
    header = content[:_HEADER].decode("latin-1").upper()
    fields = dict(part.split(":", 1) for part in header.partition("<")[0].split() if ":" in part)
    if fields.get("ENCODING") in {"UTF-8", "UNICODE"}:
        return "utf-8"
    return _CHARSETS.get(fields.get("CHARSET", ""), "")


def _refuse_entities(name: str, header: str) -> None:
    if "<!" in header:
        raise InputError(name, "declares a document type or entities, which no OFX file does", "export it again")


def _block(statement: Node, choices: Choices) -> Block:
    account = next((_account(found) for tag in _ACCOUNTS for found in statement.every(tag)), "")
    block = Block(statement.line, account=account, currency=statement.value("CURDEF"))
    ledger, as_of = exact_amount(statement.value("LEDGERBAL", "BALAMT")), statement.first("LEDGERBAL")
    if ledger is not None and as_of is not None:
        block.closing = Balance(as_of.line, ledger, exact_date(as_of.value("DTASOF")))
    against = []
    by_mark: defaultdict[str, list[Booking]] = defaultdict(list)
    for booked in statement.below("STMTTRN"):
        booking = _booking(booked, block)
        if booking is None:
            continue
        block.bookings.append(booking)
        if mark := stated_reference(booking.reference):
            by_mark[mark].append(booking)
        kind = booked.value("TRNTYPE").upper()
        if (kind in _OUT and booking.amount > 0) or (kind in _IN and booking.amount < 0):
            against.append(booking.line)
    if against:
        choices.notice(f"{name_lines(against)}: the sign of the amount contradicts the type; the sign is taken")
    _drop_repeated(block, by_mark, choices)
    return block


def _drop_repeated(block: Block, by_mark: Mapping[str, Sequence[Booking]], choices: Choices) -> None:
    """Count bookings of one FITID once (OFX 2.2, section 3.2.1), unless their amounts show that the bank reuses it."""
    repeated = [same for same in by_mark.values() if len(same) > 1]
    alike = [one for same in repeated if len({one.amount for one in same}) == 1 for one in same[1:]]
    reused = [one.line for same in repeated if len({one.amount for one in same}) > 1 for one in same[1:]]
    if alike:
        left_out = set(map(id, alike))
        block.bookings = [one for one in block.bookings if id(one) not in left_out]
        lines = name_lines([one.line for one in alike])
        choices.notice(f"{lines}: the FITID and the amount repeat an earlier booking; counted once")
    if reused:
        choices.notice(
            f"{name_lines(reused)}: the FITID repeats that of a booking with another amount; all are counted"
        )


def _account(found: Node) -> str:
    """Return the number of an account; for a card, only its last digits.

    A whole card number would be masked on the bus, so two cards could not be distinguished.
    """
    number = visible(found.value("ACCTID"))
    is_card = found.tag == "CCACCTFROM" and number[-_CARD_DIGITS:].isdigit()
    return f"card ending {number[-_CARD_DIGITS:]}" if is_card else number


def _booking(booked: Node, block: Block) -> Booking | None:
    number = len(block.bookings) + len(block.quarantined) + 1
    date, amount = exact_date(booked.value("DTPOSTED")), exact_amount(booked.value("TRNAMT"))
    if date is None:
        block.refuse(booked.line, f"transaction {number}: <DTPOSTED> does not hold a date")
        return None
    if amount is None:
        block.refuse(booked.line, f"transaction {number}: <TRNAMT> does not hold an amount")
        return None
    names = (booked.value("NAME"), booked.value("PAYEE", "NAME"), booked.value("EXTDNAME"), booked.value("MEMO"))
    narration = joined(visible(text) for text in names)
    check = visible(booked.value("CHECKNUM"))
    return Booking(
        line=booked.line,
        date=date,
        narration=narration or (f"check {check}" if check else booked.value("TRNTYPE").lower()),
        amount=amount,
        currency=booked.value("CURRENCY", "CURSYM"),
        reference=booked.value("FITID"),
        rail=_RAILS.get(booked.value("TRNTYPE").upper()),
    )


def _say_what_is_left_out(statements: list[Node], choices: Choices) -> None:
    pending = sum(1 for statement in statements for _ in statement.below("STMTTRNP"))
    if pending:
        choices.notice(f"pending transactions are not counted until they are booked: {pending} are left out")
    trades = [
        found.line for statement in statements for found in statement.every("INVTRANLIST")
        if any(child.tag not in {"DTSTART", "DTEND", "INVBANKTRAN"} for child in found.children)
    ]  # fmt: skip
    if trades:
        choices.notice(f"{name_lines(trades)}: trades in securities are not read, only movements of cash")
