"""CAMT.053, the statement of ISO 20022, and CAMT.052, the account report of the same family: XML, parsed as a stream.

Source: ISO 20022 message definitions camt.053.001 and camt.052.001, versions 02 to 13; where a later version moved an
element one level down (``Sts/Cd``, ``Pty/Nm``), both places are looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from xml.parsers import expat

from genie.errors import InputError
from genie_finance.domain.narrations import Rail
from genie_finance.insights.reading.bookings import Balance, Block, Booking, compose
from genie_finance.insights.reading.choices import name_lines
from genie_finance.insights.reading.encoding import bounded, known_encoding
from genie_finance.insights.reading.nodes import MAX_DEPTH, MAX_NODES, Node
from genie_finance.insights.reading.values import exact_amount, exact_date
from genie_finance.insights.reading.wording import joined, visible

if TYPE_CHECKING:
    import datetime

    from genie_finance.contracts.statements import StatementProfile, StatementReading
    from genie_finance.insights.reading.choices import Choices

_STATEMENTS = ("Stmt", "Rpt")
_EXPORT = "export a CAMT.053 statement"
_SIGNS = {"CRDT": 1, "DBIT": -1}
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
_RAILS = {
    ("RCDT", "ESCT"): Rail.SEPA, ("ICDT", "ESCT"): Rail.SEPA, ("ICDT", "STDO"): Rail.STANDING_ORDER,
    ("RDDT", ""): Rail.DIRECT_DEBIT, ("IDDT", ""): Rail.DIRECT_DEBIT, ("CCRD", "CWDL"): Rail.CASH,
    ("CCRD", ""): Rail.CARD, ("MCRD", ""): Rail.CARD, ("RCDT", ""): Rail.TRANSFER, ("ICDT", ""): Rail.TRANSFER,
    ("RCHQ", ""): Rail.CHECK, ("ICHQ", ""): Rail.CHECK,
}  # fmt: skip


def read_camt(name: str, content: bytes, profile: StatementProfile, choices: Choices) -> StatementReading:
    """Return the booked transactions of every statement in a CAMT.053 or CAMT.052 file.

    Raises:
        InputError: It is other XML, not well formed, declares a document type or entities, or holds no bookings.
    """
    bounded(name, content)
    reader = _Reader(name)
    reader.feed(content, known_encoding(name, profile.encoding) if profile.encoding else None)
    reader.say(choices)
    return compose(name, "camt", reader.blocks, profile, choices)


class _Reader:
    """Keeps a tree of the open elements, turns each entry into a booking when it ends, and then frees it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parser: expat.XMLParserType | None = None
        self._open: list[Node] = []
        self._nodes = 0
        self._before: list[int] = []
        """Number of nodes in memory when each open entry or statement began; later nodes are freed at its end."""
        self._entries: list[tuple[Node, Booking | str]] = []
        self._pending = 0
        self._collective: list[int] = []
        self._value_dated: list[int] = []
        self._interim = False
        self._miscounted: list[int] = []
        self.blocks: list[Block] = []

    def feed(self, content: bytes, encoding: str | None) -> None:
        self._parser = parser = expat.ParserCreate(encoding, "\t")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse_declaration
        parser.EntityDeclHandler = self._refuse_declaration
        parser.ExternalEntityRefHandler = self._refuse_declaration
        try:
            parser.Parse(content, True)  # noqa: FBT003 - expat takes no keywords
        except expat.ExpatError as error:
            raise InputError(
                self._name,
                f"is not well-formed XML: {expat.ErrorString(error.code)} in line {error.lineno}",
                "export it again; if its letters are in another encoding, give a profile with `encoding:`",
            ) from None
        except (LookupError, ValueError):  # an unknown encoding in the file's declaration
            raise InputError(
                self._name, "declares an encoding that cannot be read", "give a profile with `encoding:`"
            ) from None

    def say(self, choices: Choices) -> None:
        if not self.blocks:
            raise InputError(self._name, "is a CAMT file that contains no statement", _EXPORT)
        if self._interim:
            choices.notice("the file is a CAMT.052 report of the day, which the bank may still change")
        if self._pending:
            choices.notice(f"entries that are not booked are not counted: {self._pending} are left out")
        if self._collective:
            choices.notice(f"{name_lines(self._collective)}: a collective booking counts as one movement")
        if self._value_dated:
            choices.notice(f"{name_lines(self._value_dated)}: no booking date is stated; the value date is taken")
        if self._miscounted:
            choices.notice(
                f"the statement of {name_lines(self._miscounted)} states a number of entries that differs from the "
                "entries in the file; some may be missing"
            )

    # What expat calls

    def _refuse_declaration(self, *_: object) -> NoReturn:
        raise InputError(
            self._name, "declares a document type or entities, which no CAMT statement does", "export it again"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        space, _, local = tag.rpartition("\t")
        if not self._open:
            self._root(space, local)
        if len(self._open) >= MAX_DEPTH or self._nodes >= MAX_NODES:
            what = f"nests elements more than {MAX_DEPTH} deep" if self._nodes < MAX_NODES else "has an endless element"
            raise InputError(self._name, f"{what}, which no CAMT statement does", "export it again")
        line = 0 if self._parser is None else self._parser.CurrentLineNumber
        if self._is_let_go(local):
            self._before.append(self._nodes)
        node = Node(local, line, unit=attributes.get("Ccy", ""))
        if self._open:
            self._open[-1].add(node)
        self._open.append(node)
        self._nodes += 1

    def _root(self, space: str, local: str) -> None:
        if local != "Document" or not ("camt.053" in space or "camt.052" in space):
            kind = space.rpartition(":")[2][:20]
            shown = f" ({kind})" if kind.replace(".", "").isalnum() and kind.isascii() else ""
            raise InputError(self._name, f"is an XML file{shown}, not a CAMT.053 statement", _EXPORT)
        self._interim = "camt.052" in space

    def _text(self, text: str) -> None:
        node = self._open[-1]
        if node.children:
            return  # white space between elements
        node.text += text

    def _end(self, _tag: str) -> None:
        node = self._open.pop()
        if not self._is_let_go(node.tag):
            return
        if node.tag == "Ntry":
            self._entry(node)
        else:
            self._statement(node)
        self._open[-1].drop_last()
        self._nodes = self._before.pop()

    def _is_let_go(self, tag: str) -> bool:
        """Return True for a statement and for its entries."""
        inside = self._open[-1].tag if self._open else ""
        return inside in _STATEMENTS if tag == "Ntry" else tag in _STATEMENTS and bool(inside)

    # What the elements mean

    def _entry(self, node: Node) -> None:
        status = node.value("Sts", "Cd") or node.value("Sts")
        if status and status != "BOOK":
            self._pending += 1
            return
        self._entries.append((Node("Ntry", node.line), self._booking(node)))

    def _booking(self, node: Node) -> Booking | str:
        """Return the booking of an entry, or the reason why it cannot be read."""
        amount, sign = exact_amount(node.value("Amt")), _SIGNS.get(node.value("CdtDbtInd"))
        if amount is None or amount < 0:
            return "<Amt> does not hold an amount"
        if sign is None:
            return "<CdtDbtInd> does not say whether it is a debit or a credit"
        date = _date(node, "BookgDt")
        if date is None:
            if node.first("BookgDt"):
                return "<BookgDt> does not hold a date"
            date = _date(node, "ValDt")
            if date is None:
                return "has no booking date"
            self._value_dated.append(node.line)
        details = list(node.every("NtryDtls", "TxDtls"))
        if len(details) > 1:
            self._collective.append(node.line)
        of = node.first("Amt")
        return Booking(
            line=node.line,
            date=date,
            narration=_narration(node, details[0] if len(details) == 1 else None, out=sign < 0),
            amount=amount * sign,
            currency=of.unit if of else "",
            reference=node.value("AcctSvcrRef") or (details[0].value("Refs", "AcctSvcrRef") if details else ""),
            rail=_rail(node, details),
        )

    def _statement(self, node: Node) -> None:
        account = node.value("Acct", "Id", "IBAN") or node.value("Acct", "Id", "Othr", "Id")
        block = Block(node.line, account=visible(account), currency=node.value("Acct", "Ccy"))
        for number, (entry, found) in enumerate(self._entries, start=1):
            if isinstance(found, str):
                block.refuse(entry.line, f"entry {number}: {found}")
            else:
                block.bookings.append(found)
        counted = node.value("TxsSummry", "TtlNtries", "NbOfNtries")
        is_number = counted.isascii() and counted.isdigit() and len(counted) < 10
        if is_number and not self._pending and int(counted) != len(self._entries):
            self._miscounted.append(node.line)
        block.opening = _balance(node, _OPENING)
        block.closing = _balance(node, _CLOSING)
        if block.closing is None and block.opening is None and not block.currency:
            block.currency = next((amount.unit for amount in node.every("Bal", "Amt")), "")
        self._entries = []
        self.blocks.append(block)


def _date(node: Node, tag: str) -> datetime.date | None:
    return exact_date(node.value(tag, "Dt") or node.value(tag, "DtTm"))


def _balance(node: Node, codes: tuple[str, ...]) -> Balance | None:
    """Return the first balance with the first of these codes that occurs in the statement."""
    for code in codes:
        for found in node.every("Bal"):
            if found.value("Tp", "CdOrPrtry", "Cd") != code:
                continue
            amount, sign = exact_amount(found.value("Amt")), _SIGNS.get(found.value("CdtDbtInd"))
            if amount is not None and sign is not None:
                return Balance(found.line, amount * sign, _date(found, "Dt"))
    return None


def _narration(node: Node, details: Node | None, *, out: bool) -> str:
    """Return the other party and the purpose; the bank's own text if there is nothing else."""
    if details is None:
        return joined([visible(node.value("AddtlNtryInf"))])
    sides = ("Cdtr", "UltmtCdtr") if out else ("Dbtr", "UltmtDbtr")
    names = [details.value("RltdPties", side, *path) for side in sides for path in (("Nm",), ("Pty", "Nm"))]
    purpose = " ".join(visible(found.text) for found in details.every("RmtInf", "Ustrd"))
    structured = [found.text for found in details.every("RmtInf", "Strd", "CdtrRefInf", "Ref")]
    bank = (details.value("AddtlTxInf"), node.value("AddtlNtryInf"))
    return joined(map(visible, (*names, purpose, *structured, *bank)))


def _rail(node: Node, details: list[Node]) -> str | None:
    for holder in (node, *details[:1]):
        code = holder.first("BkTxCd", "Domn", "Fmly")
        if code is not None:
            family, sub = code.value("Cd"), code.value("SubFmlyCd")
            return _RAILS.get((family, sub)) or _RAILS.get((family, ""))
    return None
