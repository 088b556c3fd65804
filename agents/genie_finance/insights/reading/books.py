"""Books of accounts: exports of accounting programs, in which a debit of the bank account is money that comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie_finance.insights.reading.vocabulary import Mark, mark_of, plain, words

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from genie_finance.insights.reading.dialect import Record
    from genie_finance.insights.reading.header_words import Role

_HEADERS = """satzart|tositenro|tosite|vch bill no|voucher number|bill no
    |bu schlussel|gegenkonto ohne bu schlussel|belegfeld 1|belegfeld|sollkonto|habenkonto|umsatz soll
    |umsatz haben|kostenstelle|kost1|steuerschlussel|journalcode|journal code|code journal|ecriturenum
    |ecriturelib|comptenum|comptelib|pieceref|piece ref|n piece|lettrage|lettre|ecriturelet
    |grootboekrekening|grootboek|dagboek|boekstuknr|boekstuk|boekstuknummer|vch type|vch no|vch
    |voucher no|nominal|nominal code|nominal account|n c|tax code|t c|journal|journal no|journal entry
    |jrnl|jrnl no|trans no|gl account|gl code|account code|ledger account|split|clr|ver nr|vernr
    |verifikation|kst|bilag|bilagsnr|bilagsnummer|bilagsdato|mva|mva kode|momskode|moms|momskod|konto wn
    |konto ma|dekret|predkontace|analitika dt|счет дт|счет кт|аналитика дт|аналитика кт|корр счет
    |prima nota|causale contabile|conto contabile|sottoconto|mastro|contropartita|asiento|n asiento
    |cuenta contable|subcuenta|diario|conta contabil|lancamento contabil|yevmiye|yevmiye no|hesap kodu
    |hesap adi|勘定科目|補助科目|借方勘定科目|貸方勘定科目|仕訳|伝票番号|凭证号|凭证字号|凭证号数|科目
    |科目名称|科目编码|계정과목|전표번호|חשבון נגדי|חן נגדי"""
_OF_BOOKS = frozenset(plain(name) for name in _HEADERS.split("|"))
"""Headers that accounting programs write, and banks do not."""

_KINDS: dict[str, Mark] = {
    **dict.fromkeys(
        ("bp", "vp", "cp", "cd", "pmt", "pymt", "spend money", "expense", "bill payment", "cheque", "check"), "debit"
    ),
    **dict.fromkeys(("br", "vr", "cr", "rcpt", "rct", "receive money", "sales receipt", "customer payment"), "credit"),
}
"""Kinds of postings that only books of accounts have, with the side of the bank account's statement."""

_PAIRS: tuple[tuple[frozenset[str], frozenset[str]], ...] = (
    (
        words("charge charges purchase purchases compras consumos achats kaufe acquisti"),
        words("payment payments pago pagos paiement paiements zahlung zahlungen pagamento pagamenti pagamentos"),
    ),
    (
        words(
            """payment payments spend spent check checks cheque cheques disbursement disbursements decrease
            decreases paiement zahlung pago pagos pagamento"""
        ),
        words("deposit deposits receipt receipts receive received increase increases lodgement collection collections"),
    ),
)
"""Headers of debits and of credits that say so only beside each other: a payment is money in beside charges."""


def is_of_accounts(names: Sequence[str]) -> bool:
    """True if a header has words of accounting programs."""
    return any(plain(name[:40]) in _OF_BOOKS for name in names)


_ACCOUNTS = words("konto account tili conto cuenta compte conta rekening hesap kontonr kontonummer")
_CODE, _LONG_CODE = range(3, 7), range(7, 13)
_BANKS = ("512", "572", "570")
"""Banks and cash in the plans of accounts of France and of Spain, whose codes are filled up with zeros."""
"""Digits of an account of a book; those of a bank have more, or are the last four behind other signs."""


def is_account(name: str) -> bool:
    """True for a header that is a word for an account."""
    return plain(name[:40]) in _ACCOUNTS


def are_codes(held: Collection[str]) -> bool:
    """True if accounts are those of a book: numbers of few digits, or such a number and a name."""
    first = [cell.split(" ", 1)[0] for cell in held if cell]
    return bool(first) and all(
        one.isascii() and one.isdigit() and (len(one) in _CODE or (len(one) in _LONG_CODE and one.startswith(_BANKS)))
        for one in first
    )


def paired(names: Sequence[str]) -> dict[int, Role]:
    """Return the sides of two columns whose headers tell them together, as those of a register do."""
    said = [plain(name[:40]).removesuffix(" amount") for name in names]
    for debits, credits_ in _PAIRS:
        out = [column for column, word in enumerate(said) if word in debits]
        into = [column for column, word in enumerate(said) if word in credits_]
        if len(out) == len(into) == 1:
            return {out[0]: "debit", into[0]: "credit"}
    return {}


def is_charge(header: str) -> bool:
    """True for a header of purchases: beside one of payments it is that of a card's register."""
    return plain(header[:40]).removesuffix(" amount") in _PAIRS[0][0]


def kinds_contradict(rows: Sequence[Record], sides: Sequence[tuple[int, Mark]], taken: Collection[int]) -> bool:
    """True if a column of kinds says the opposite of the side of each row: a receipt in the column of debits.

    Args:
        rows: Rows of the table.
        sides: Position among the rows, and the side that the columns give it.
        taken: Columns of dates, amounts and balances.
    """
    width = max((len(rows[at].cells) for at, _ in sides), default=0)
    for column in range(width):
        if column in taken:
            continue
        told = [_kind(rows[at].cells[column]) if column < len(rows[at].cells) else None for at, _ in sides]
        if None not in told and len(set(told)) > 1:
            return all(kind != side for kind, (_, side) in zip(told, sides, strict=True))
    return False


def _kind(cell: str) -> Mark | None:
    return _KINDS.get(plain(cell[:24])) or mark_of(cell)
