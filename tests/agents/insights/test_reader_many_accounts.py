"""One file with several currencies, accounts or balances before the rows: each row keeps its own money."""

from __future__ import annotations

from decimal import Decimal

from genie_finance.contracts.statements import StatementReading
from genie_finance.insights.reader import read_statement

Sums = dict[str, tuple[int, str, str]]


def read(text: str) -> StatementReading:
    return read_statement("s.csv", text.encode())


def sums(reading: StatementReading) -> Sums:
    found: Sums = {}
    for code in sorted({one.amount.currency for one in reading.statement.transactions}):
        amounts = [one.amount.amount for one in reading.statement.transactions if one.amount.currency == code]
        money_in = sum((one for one in amounts if one > 0), Decimal(0))
        found[code] = (len(amounts), str(money_in), str(money_in - sum(amounts)))
    return found


def test_the_balances_of_two_currencies_prove_the_fees_of_both() -> None:
    reading = read(
        "Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance\n"
        "CARD_PAYMENT,Current,2025-02-01 10:00:00,2025-02-02 11:00:00,Tesco,-12.50,0.00,GBP,COMPLETED,487.50\n"
        "EXCHANGE,Current,2025-02-03 10:00:00,2025-02-03 10:00:01,To EUR,-100.00,1.00,GBP,COMPLETED,386.50\n"
        "EXCHANGE,Current,2025-02-03 10:00:00,2025-02-03 10:00:01,To EUR,119.00,0.00,EUR,COMPLETED,119.00\n"
        "CARD_PAYMENT,Current,2025-02-05 10:00:00,2025-02-06 11:00:00,Cafe,-9.00,0.00,EUR,COMPLETED,110.00\n"
        "CARD_PAYMENT,Current,2025-02-07 10:00:00,,Hotel,-90.00,0.00,EUR,PENDING,\n"
        "TOPUP,Current,2025-02-08 10:00:00,2025-02-08 11:00:00,Top up,200.00,0.00,GBP,COMPLETED,586.50\n"
    )
    assert sums(reading) == {"EUR": (2, "119.00", "9.00"), "GBP": (3, "200.00", "113.50")}
    assert not any("does not follow" in notice for notice in reading.notices)
    assert len(reading.quarantined) == 1


def test_the_balances_of_two_currencies_prove_what_a_minus_means() -> None:
    reading = read(
        '"Datum","Name","Typ","Status","Währung","Brutto","Gebühr","Netto","Guthaben"\n'
        '"13.02.2025","Shop","Zahlung","Abgeschlossen","EUR","-20,00","0,00","-20,00","80,00"\n'
        '"14.02.2025","Client","Zahlung","Abgeschlossen","USD","100,00","-3,40","96,60","96,60"\n'
        '"15.02.2025","","Umrechnung","Abgeschlossen","USD","-96,60","0,00","-96,60","0,00"\n'
        '"15.02.2025","","Umrechnung","Abgeschlossen","EUR","88,10","0,00","88,10","168,10"\n'
    )
    assert sums(reading) == {"EUR": (2, "88.10", "20.00"), "USD": (2, "96.60", "96.60")}
    assert reading.unproven == ()


def test_a_preamble_that_names_another_account_begins_another_table() -> None:
    reading = read(
        "Account,Checking\nDate,Description,Amount,Balance\n02/01/2025,Coffee,-4.50,995.50\n"
        "02/13/2025,Pay,1000.00,1995.50\n\nAccount,Savings\nDate,Description,Amount,Balance\n"
        "02/20/2025,Interest,1.50,501.50\n"
    )
    assert sums(reading) == {"XXX": (3, "1001.50", "4.50")}
    assert any("begins another table" in notice for notice in reading.notices)
    assert reading.quarantined == ()


def test_a_balance_before_each_row_turns_no_debit_into_a_credit() -> None:
    """Was: every sign turned round, since the balance follows backwards from the opposite of every amount."""
    reading = read(
        "13-02-2025,NL12,Shop,EUR,1000.00,EUR,-10.00\n14-02-2025,NL12,Rent,EUR,990.00,EUR,-600.00\n"
        "15-02-2025,NL12,Pay,EUR,390.00,EUR,2000.00\n16-02-2025,NL12,Shop,EUR,2390.00,EUR,-90.00\n"
    )
    assert sums(reading) == {"EUR": (4, "2000.00", "700.00")}
    balances = [one.balance.amount for one in reading.statement.transactions if one.balance]
    assert balances == [Decimal("990.00"), Decimal("390.00"), Decimal("2390.00"), Decimal("2300.00")]
    assert reading.unproven == ()


def test_numbers_of_documents_are_no_money() -> None:
    """Was: the numbers were taken for amounts, as the amounts had a sign of money that was not known."""
    rows = "".join(f"1{day}/02/2025,90071{day},Shop,?{day}.50,\n" for day in range(3, 9))
    reading = read("Fecha,Nro. de Operación,Descripción,Cargo,Abono\n" + rows.replace("?", "S/ "))
    assert sums(reading) == {"PEN": (6, "0", "36.00")}
