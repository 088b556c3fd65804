# ruff: noqa: INP001 - a script beside the file that it writes, no module of a package
"""Write ``sample.csv``: twelve months of one invented household account at an Indian bank; and ``sample-savings.ofx``.

The second is the household's savings account at another bank, into which the first one's transfers go. Each file is
the same, byte for byte, whenever it is written: everything random comes from one seeded source and no clock
is read. Nobody in it exists. References start with 1 and keep to low digits at the front, so that none of them is a
valid Aadhaar, card or telephone number.

What there is to find: a salary that rises in April, a subscription that becomes dearer in July and one that ends in
March, a refund, a charge booked twice, one large payment to a new payee, transfers to the household's own savings, and
food delivery that gets out of hand in the last month.

Usage: ``python config/statements/make_sample.py [FOLDER]``
"""

from __future__ import annotations

import csv
import datetime
import io
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

SEED = 20251101
_FIRST_YEAR, _FIRST_MONTH, _MONTHS = 2025, 11, 12
_OPENING_PAISE = 264_318_45
_HEADER = (
    "Date", "Narration", "Chq./Ref.No.", "Value Dt", "Withdrawal Amt. (INR)", "Deposit Amt. (INR)",
    "Closing Balance (INR)",
)  # fmt: skip

_CARD = "416021XXXXXX4821"
_FOOD = (
    "UPI-SWIGGY-SWIGGY.STORES@AXB-UTIBSWGY-{ref}-FOOD ORDER",
    "UPI-ZOMATO LTD-ZOMATO.ORDER@HDB-HDFCZOMA-{ref}-ONLINE ORDER",
)
_GROCERIES = (
    ("UPI-BIGBASKET-BIGBASKET.PAY@ICI-ICICBBSK-{ref}-GROCERIES", 900, 2600),
    ("UPI-BLINKIT-BLINKIT.ORDERS@HDB-HDFCBLNK-{ref}-QUICK ORDER", 250, 900),
    ("UPI-ZEPTO-ZEPTO.NOW@YBL-YESBZEPT-{ref}-PAYMENT", 220, 800),
    (f"POS {_CARD} AVENUE SUPERMARTS BENGALURU", 1800, 4200),
)
_SHOPPING = (
    ("UPI-AMAZON PAY-AMAZON.PAY@APL-UTIBAMZN-{ref}-YOU ARE PAYING", 350, 2400),
    ("UPI-MYNTRA DESIGNS-MYNTRA.PAY@AXB-UTIBMYNT-{ref}-ORDER", 700, 2600),
    (f"POS {_CARD} DECATHLON SPORTS BENGALURU", 600, 2800),
)
_TRANSPORT = (
    ("UPI-UBER INDIA-UBER.RIDES@HDB-HDFCUBER-{ref}-RIDE", 120, 520),
    ("UPI-NAMMA METRO-BMRCL.TOPUP@SBI-SBINMETR-{ref}-CARD TOPUP", 200, 500),
    (f"POS {_CARD} HP PETROL PUMP BENGALURU", 1500, 2600),
)
_HEALTH = ("UPI-APOLLO PHARMACY-APOLLO.STORE@HDB-HDFCAPOL-{ref}-MEDICINES", 180, 1400)
_OUTING = ("UPI-BOOKMYSHOW-BOOKMYSHOW.TKT@AXB-UTIBBMSH-{ref}-TICKETS", 400, 1300)
_CASH = f"NWD-{_CARD}-ATM WITHDRAWAL-BENGALURU"


@dataclass(slots=True)
class Ledger:
    """Collects the movements of the account; amounts are paise, negative when money goes out."""

    source: random.Random
    rows: list[tuple[datetime.date, int, str, str, int]] = field(default_factory=list)

    def book(self, date: datetime.date, narration: str, paise: int) -> None:
        """Add one movement with a reference of its own."""
        reference = f"1{self.source.randrange(6)}{self.source.randrange(6)}{self.source.randrange(10**9):09d}"
        self.rows.append((date, len(self.rows), narration.format(ref=reference), reference, paise))

    def spend(self, date: datetime.date, narration: str, low: int, high: int) -> None:
        """Add a payment between two amounts in rupees, as shops price things."""
        rupees = self.source.randrange(low, high)
        self.book(date, narration, -(rupees * 100 + self.source.choice((0, 0, 0, 50, 99))))

    def lines(self) -> list[tuple[str, ...]]:
        """Return the rows of the file in booking order, each with the balance after it."""
        balance = _OPENING_PAISE
        lines = []
        for date, _, narration, reference, paise in sorted(self.rows, key=lambda row: row[:2]):
            balance += paise
            out, into = (_rupees(-paise), "") if paise < 0 else ("", _rupees(paise))
            lines.append((date.isoformat(), narration, reference, date.isoformat(), out, into, _rupees(balance)))
        return lines


def _rupees(paise: int) -> str:
    return f"{paise // 100}.{paise % 100:02d}"


def _regular(ledger: Ledger, first: datetime.date, index: int) -> None:
    """Book what comes every month on its day."""
    month = first.strftime("%b %Y").upper()
    salary = 142_000 if first < datetime.date(2026, 4, 1) else 156_200
    power = (1840, 1765, 1810, 1995, 2480, 3260, 3415, 2870, 2240, 2105, 1985, 1920)[index]
    ledger.book(first, f"NEFT CR-CITINIMB-NIMBUS SOFTWARE PVT LTD-SALARY {month}", salary * 100)
    ledger.book(first.replace(day=2), f"NEFT DR-ICICGLEN-GREENLEAF PROPERTIES-RENT {month}", -38_000_00)
    ledger.book(first.replace(day=3), "IMPS-SELF TRANSFER-OWN SAVINGS A/C XX7730", -40_000_00)
    ledger.book(first.replace(day=5), "ACH D- INDIAN CLEARING CORP-SIP MUTUAL FUND", -15_000_00)
    ledger.book(first.replace(day=7), "BILLPAY DR-BESCOM ELECTRICITY-BENGALURU", -power * 100)
    ledger.book(first.replace(day=8), "ACH D- ACT FIBERNET BROADBAND", -1_178_82)
    ledger.book(first.replace(day=9), "UPI-AIRTEL POSTPAID-AIRTEL.BILL@AXB-UTIBAIRT-{ref}-BILL", -599_00)
    netflix = 649 if first < datetime.date(2026, 7, 1) else 799
    ledger.book(first.replace(day=12), "ACH D- NETFLIX ENTERTAINMENT SERVICES", -netflix * 100)
    ledger.book(first.replace(day=15), "ACH D- SPOTIFY INDIA LLP", -119_00)
    if first < datetime.date(2026, 4, 1):
        ledger.book(first.replace(day=18), "ACH D- CULT FITNESS MEMBERSHIP", -1_750_00)
    if index % 2 == 0:
        ledger.book(first.replace(day=20), "UPI-INDANE GAS-INDANE.LPG@SBI-SBINLPGB-{ref}-CYLINDER", -906_50)
    if first.month in {12, 3, 6, 9}:
        last = 31 if first.month in {12, 3} else 30
        interest = 1_210_00 + ledger.source.randrange(30_000)
        ledger.book(first.replace(day=last), "INTEREST PAID FOR THE QUARTER", interest)


def _everyday(ledger: Ledger, first: datetime.date, days: int, *, orders: int, dearest: int) -> None:
    """Book what has no day of its own: food, groceries, shopping, transport, cash."""
    pick = ledger.source

    def day() -> datetime.date:
        return first.replace(day=1 + pick.randrange(days))

    for _ in range(orders):
        ledger.spend(day(), pick.choice(_FOOD), 210, dearest)
    for shop, count in ((_GROCERIES, 7), (_SHOPPING, 2), (_TRANSPORT, 6)):
        for _ in range(count + pick.randrange(2)):
            ledger.spend(day(), *pick.choice(shop))
    ledger.spend(day(), *_HEALTH)
    ledger.spend(day(), *_OUTING)
    ledger.book(day(), _CASH, -pick.choice((2_000, 3_000, 4_000)) * 100)


def _once(ledger: Ledger) -> None:
    """Book what there is to find."""
    on = datetime.date
    ledger.book(on(2026, 1, 21), "UPI-AMAZON PRIME-AMAZON.PRIME@APL-UTIBAMZN-{ref}-YEARLY", -1_499_00)
    ledger.book(on(2026, 5, 12), "UPI-CROMA RETAIL-CROMA.STORE@HDB-HDFCCROM-{ref}-MIXER", -4_299_00)
    ledger.book(on(2026, 5, 19), "UPI-CROMA RETAIL-CROMA.STORE@HDB-HDFCCROM-{ref}-REFUND MIXER", 4_299_00)
    for _ in range(2):
        ledger.book(on(2026, 8, 17), f"POS {_CARD} LIFESTYLE STORES BENGALURU", -3_180_00)
    ledger.book(on(2026, 10, 9), "RTGS DR-KKBKSHAK-SHAKTI INTERIORS-KITCHEN WORK", -125_000_00)
    ledger.book(on(2026, 10, 31), "UPI-ZOMATO LTD-ZOMATO.ORDER@HDB-HDFCZOMA-{ref}-ONLINE ORDER", -1_240_00)


def sample_csv(seed: int = SEED) -> bytes:
    """Return the whole file, in UTF-8 with line feeds."""
    ledger = Ledger(random.Random(seed))  # noqa: S311 - repeatable on purpose, nothing secret
    for index in range(_MONTHS):
        number = _FIRST_MONTH - 1 + index
        first = datetime.date(_FIRST_YEAR + number // 12, number % 12 + 1, 1)
        following = datetime.date(_FIRST_YEAR + (number + 1) // 12, (number + 1) % 12 + 1, 1)
        _regular(ledger, first, index)
        last_month = index == _MONTHS - 1
        _everyday(
            ledger, first, (following - first).days, orders=19 if last_month else 6, dearest=980 if last_month else 640
        )
    _once(ledger)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows(ledger.lines())
    return text.getvalue().encode()


def sample_savings_ofx() -> bytes:
    """Return the savings account's file: OFX 1.6 as banks write it, without the end tags that SGML lets them leave out.

    Each transfer arrives a day after it left, interest comes with the quarter, and once money is taken out.
    """
    booked: list[tuple[str, datetime.date, int, str]] = []
    for index in range(_MONTHS):
        number = _FIRST_MONTH - 1 + index
        year, month = _FIRST_YEAR + number // 12, number % 12 + 1
        arrived = datetime.date(year, month, 4)
        booked.append(("XFER", arrived, 40_000_00, "IMPS-SELF TRANSFER-FROM OWN A/C XX4821"))
        if month in {12, 3, 6, 9}:
            interest = 1_480_00 + index * 95_25
            booked.append(("INT", datetime.date(year, month, 30), interest, "INTEREST CREDIT FOR THE QUARTER"))
    booked.append(("DEBIT", datetime.date(2026, 7, 14), -65_000_00, "NEFT DR-HDFCSAHY-SAHYADRI TRAVELS-FAMILY TRIP"))
    booked.sort(key=lambda row: row[1])
    lines = [
        "OFXHEADER:100", "DATA:OFXSGML", "VERSION:160", "SECURITY:NONE", "ENCODING:USASCII", "CHARSET:1252",
        "COMPRESSION:NONE", "OLDFILEUID:NONE", "NEWFILEUID:NONE", "", "<OFX>", "<BANKMSGSRSV1><STMTTRNRS><TRNUID>1",
        "<STATUS><CODE>0<SEVERITY>INFO</STATUS>", "<STMTRS><CURDEF>INR",
        "<BANKACCTFROM><BANKID>0010<ACCTID>XX7730<ACCTTYPE>SAVINGS</BANKACCTFROM>",
        f"<BANKTRANLIST><DTSTART>{booked[0][1]:%Y%m%d}<DTEND>{booked[-1][1]:%Y%m%d}",
    ]  # fmt: skip
    balance = 512_400_00
    for number, (kind, date, paise, text) in enumerate(booked, start=1):
        balance += paise
        lines.append(
            f"<STMTTRN><TRNTYPE>{kind}<DTPOSTED>{date:%Y%m%d}<TRNAMT>{'-' if paise < 0 else ''}{_rupees(abs(paise))}"
            f"<FITID>S{number:03d}<NAME>{text}</STMTTRN>"
        )
    lines += [
        "</BANKTRANLIST>", f"<LEDGERBAL><BALAMT>{_rupees(balance)}<DTASOF>{booked[-1][1]:%Y%m%d}</LEDGERBAL>",
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1>", "</OFX>",
    ]  # fmt: skip
    return "\n".join(lines).encode("ascii") + b"\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    (folder / "sample.csv").write_bytes(sample_csv())
    (folder / "sample-savings.ofx").write_bytes(sample_savings_ofx())
