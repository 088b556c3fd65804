"""The table of a layout written in other forms: a workbook, a page, OFX, QIF, MT940, camt.053, columns of spaces."""

from __future__ import annotations

import datetime
import html
import io
import re
from decimal import Decimal, InvalidOperation
from typing import Protocol

import openpyxl


class Booking(Protocol):
    """What the formats without columns need of a row."""

    date: datetime.date
    text: str
    amount: Decimal
    balance: Decimal


def workbook(table: list[list[str]]) -> bytes:
    """Return the cells as a workbook; what is a plain number is stored as one."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number, cells in enumerate(table, start=1):
        for column, text in enumerate(cells, start=1):
            try:
                sheet.cell(number, column).value = float(Decimal(text)) if "." in text or len(text) < 7 else text
            except InvalidOperation:
                sheet.cell(number, column).value = text or None
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def page(table: list[list[str]]) -> bytes:
    """Return the cells as a page, as banks name it ``.xls``."""
    rows = "".join("<tr>" + "".join(f"<td>{html.escape(one)}</td>" for one in cells) + "</tr>\n" for cells in table)
    return f"<html><head><meta charset='utf-8'></head><body><table>\n{rows}</table></body></html>".encode()


def spaced(table: list[list[str]]) -> bytes:
    """Return the cells as columns of spaces, with amounts at the right."""
    width = max(map(len, table))
    wide = [max((len(row[at]) for row in table if len(row) == width), default=0) for at in range(width)]
    money = re.compile(r"[-+(]?[^\w ]?[0-9][0-9.,' ]*[)-]?")
    lines = [
        "  ".join(
            one.rjust(size) if money.fullmatch(one) and "," in one + one.replace(".", ",") else one.ljust(size)
            for one, size in zip(row, wide, strict=False)
        )
        for row in table
    ]
    return "\r\n".join(line.rstrip() for line in lines).encode()


def ofx(rows: list[Booking], currency: str, point: str) -> bytes:
    """Return the rows as OFX 1 without closed tags."""
    entries = "".join(
        f"<STMTTRN><TRNTYPE>{'DEBIT' if row.amount < 0 else 'CREDIT'}<DTPOSTED>{row.date:%Y%m%d}120000[-3:BRT]"
        f"<TRNAMT>{str(row.amount).replace('.', point)}<FITID>{number:06}<NAME>{html.escape(row.text)}</STMTTRN>\n"
        for number, row in enumerate(rows)
    )
    return (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:UTF-8\nCHARSET:NONE\nCOMPRESSION:NONE\n"
        "OLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STMTRS>"
        f"<CURDEF>{currency}<BANKACCTFROM><BANKID>1<ACCTID>123<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>"
        f"<DTSTART>{rows[0].date:%Y%m%d}<DTEND>{rows[-1].date:%Y%m%d}\n{entries}</BANKTRANLIST>"
        f"<LEDGERBAL><BALAMT>{str(rows[-1].balance).replace('.', point)}<DTASOF>{rows[-1].date:%Y%m%d}</LEDGERBAL>"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
    ).encode()


def qif(rows: list[Booking], form: str) -> bytes:
    """Return the rows as QIF, with days as the program writes them."""
    return (
        "!Type:Bank\n" + "".join(f"D{row.date:{form}}\nT{row.amount:,}\nP{row.text}\nCX\n^\n" for row in rows)
    ).encode()


def mt940(rows: list[Booking], currency: str) -> bytes:
    """Return the rows as one message of SWIFT."""

    def money(value: Decimal) -> str:
        return f"{abs(value)}".replace(".", ",") + ("" if "." in str(value) else ",")

    def mark(value: Decimal) -> str:
        return "D" if value < 0 else "C"

    opening = rows[0].balance - rows[0].amount
    lines = "".join(
        f":61:{row.date:%y%m%d%m%d}{mark(row.amount)}{money(row.amount)}NTRFNONREF//{number:08}\r\n:86:020?00SEPA?20{row.text}?32ACME\r\n"
        for number, row in enumerate(rows)
    )
    return (
        f":20:STARTUMS\r\n:25:12345678/0001234567\r\n:28C:5/1\r\n:60F:{mark(opening)}{rows[0].date:%y%m%d}{currency}{money(opening)}\r\n"
        f"{lines}:62F:{mark(rows[-1].balance)}{rows[-1].date:%y%m%d}{currency}{money(rows[-1].balance)}\r\n-\r\n"
    ).encode()


def camt(rows: list[Booking], currency: str) -> bytes:
    """Return the rows as a camt.053 of version 8."""

    def mark(value: Decimal) -> str:
        return "DBIT" if value < 0 else "CRDT"

    def balance(code: str, value: Decimal, on: datetime.date) -> str:
        return (
            f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{abs(value)}</Amt>'
            f"<CdtDbtInd>{mark(value)}</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>"
        )

    entries = "".join(
        f'<Ntry><Amt Ccy="{currency}">{abs(row.amount)}</Amt><CdtDbtInd>{mark(row.amount)}</CdtDbtInd>'
        "<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{row.date}</Dt></BookgDt><ValDt><Dt>{row.date}</Dt></ValDt><NtryDtls><TxDtls><RmtInf>"
        f"<Ustrd>{html.escape(row.text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        for row in rows
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        "<BkToCstmrStmt>"
        f"<GrpHdr><MsgId>1</MsgId><CreDtTm>2025-04-20T10:00:00</CreDtTm></GrpHdr><Stmt><Id>1</Id><Acct><Id><IBAN>CH9300762011623852957"
        f"</IBAN></Id><Ccy>{currency}</Ccy></Acct>{balance('OPBD', rows[0].balance - rows[0].amount, rows[0].date)}"
        f"{balance('CLBD', rows[-1].balance, rows[-1].date)}{entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()
