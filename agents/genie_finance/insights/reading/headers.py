"""The words of headers in all supported languages, and the roles of their columns."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from genie_finance.insights.reading.currencies import CODES
from genie_finance.insights.reading.header_words import HEADERS, Role
from genie_finance.insights.reading.stems import known_words
from genie_finance.insights.reading.vocabulary import MARKS, mark_of, plain

if TYPE_CHECKING:
    from collections.abc import Sequence


def _words(text: str) -> frozenset[str]:
    """Return the words of a table in the form in which headers are compared."""
    return frozenset(plain(text).split())


TYPE_WORDS = frozenset(
    {"type", "transaction type", "txn type", "tipo", "typ", "art", "details", "tran type", "subcategory", "umsatztyp",
     "transaktionstyp", "type of transaction", "tip tranzactie", "tipus", "indicator", "sign",
     *map(plain, ("거래구분", "구분")),
     "tipo de movimento", "tipo movimiento", "tipo de movimiento"}
)  # fmt: skip
"""Headers that name a debit or credit mark at one bank and the kind of payment at another."""


def _single(role: Role) -> frozenset[str]:
    """Return the listed headers of a role that are one word; they show the role beside other words too."""
    return frozenset(word for word in map(plain, HEADERS[role].split("|")) if word.isalpha())


_EAST = 0x2E7F
"""East Asian letters start after this character."""
_NAMES: dict[str, tuple[Role, ...]] = {}
for _role, _listed in HEADERS.items():
    for _name in _listed.split("|"):
        _key = plain(_name)
        for _written in {_key, _key.replace(" ", "")} if ord(_key[0]) > _EAST else {_key}:
            if _role not in _NAMES.get(_written, ()):
                _NAMES[_written] = (*_NAMES.get(_written, ()), _role)

UNITS = frozenset(
    plain(word)
    for word in {code.lower() for code in CODES} - {"all", "top", "try"}
    | {"en", "euro", "euros", "euroa", "rs", "kr", "utc", "gmt", "元", "円", "원", "zl", "kc", "ft", "lei", "lv", "tl",
       "руб", "грн", "r", "us", "in", "cst", "est", "pst", "cet", "ntd", "rmb", "rm"}
    if plain(word)
)  # fmt: skip
"""Additional words in headers: ``Amount (INR)``, ``Montant en euros``, ``Created (UTC)``."""

_OTHER = _words(
    """locale lokale lokal original orig foreign local fremdwahrung fremd originalwahrung ursprung ursprungs
    ursprungsbetrag originalbetrag origine etranger etrangere oorspr oorspronkelijk oorspronkelijke
    divisa originale utl utlandsk utlandskt opprinnelig oprindelig oprindeligt alkuperainen oryginalna
    puvodni instructed merchant source target eredeti orijinal"""
)
_AMOUNT_WORDS = (_single("amount") - _words("value total gross brutto nominal sum payout")) | _words(
    """amount amt betrag montant bedrag importe importo belop belob belopp kwota castka ciastka osszeg tutar
    tutari сумма сума ποσο iznos maara summa monto valor spend spent"""
)
_CURRENCY_WORDS = _single("currency") | _words(
    """currency wahrung waehrung devise valuta valuutta waluta mena moneda divisa moeda munt ccy валюта
    devizanem birimi devizaneme valutacode whg wkz"""
)
_RATE_WORDS = _words(
    "rate kurs wechselkurs taux koers wisselkoers vaxelkurs valutakurs valuuttakurssi kurz arfolyam curs курс"
)
_DEBIT_WORDS = _single("debit") | _words(
    """withdrawal withdrawals debit debits debito debet debe cargo soll belastung lastschrift af borc
    terheles dare ud ut
    debets deebet debetas bremenitev дебет χρεωση duguje wn uit uscite
    addebito saida expense expenses outflow outgoing out spent"""
)
_CREDIT_WORDS = _single("credit") | _words(
    """deposit deposits credit credits credito kredit haber abono haben gutschrift bij alacak jovairas avere ind inn
    kredits dobropis
    kreedit kreditas кредит πιστωση potrazuje ma entrate accredito entrada income inflow incoming received"""
)
_DATE_WORDS = _words(
    "date datum fecha data dato datetime tarih tarihi дата ημερομηνια dateop paivays tag dag datums paiva pvm "
    "timestamp time zeit zeitpunkt tijdstip napja ideje zamani waktu tgl ngay tarikh час время ημ dagur dt "
    "transactiondate bookingdate postingdate valuedate"
)
_POSTED = _words("booked posting posted bokfort bogfort completed started")
_NO_DAY = _CURRENCY_WORDS | _AMOUNT_WORDS | _words("account description")
"""Words that, beside these, show that no day is meant: ``Posted Account``, ``Booked amount``."""
_WORD_ROLES: tuple[tuple[frozenset[str], Role], ...] = (
    (
        _single("balance")
        | _words("balance saldo solde kontostand zustatek zostatok egyenleg bakiye остаток υπολοιπο sold"),
        "balance",
    ),
    (
        _words("fee fees gebuhr gebuhren frais commission commissione komisyon комиссия poplatek oplata"),
        "fee",
    ),
    (_DEBIT_WORDS, "debit"),
    (_CREDIT_WORDS, "credit"),
    (_DATE_WORDS, "date"),
    (_POSTED, "date"),
    (_CURRENCY_WORDS, "currency"),
    (_AMOUNT_WORDS, "amount"),
    (
        _words("narration description particulars verwendungszweck libelle omschrijving описание aciklama"),
        "narration",
    ),
    (_words("status statut статус stato estado stav"), "status"),
)
"""For headers that are not listed: the first group with a matching word decides."""
_VALUE_WORDS = _words(
    """value payout valuedate valuta valuty waluty valeur valor val wertstellung available due started valute interest
    waarde waardedatum wertstellungsdatum valutadatum rentedatum rentedato arvopaiva"""
)
_NUMBERS = _words(
    """id no nr nro num numero number numer numerasi ref reference referencia referenz referenca referentie
    viite viitenumber code codigo kod serial seq sequence volgnummer lopenummer fis belegnummer номер
    编号 流水号 单号 番号 번호 일련번호 אסמכתא אסמכתה رقم"""
)
_NO_MONEY = frozenset({"id", "type", "no", "nr", "number", "count", "percent", "limit", "tipo", "typ", "code"})
"""Words that change the meaning of a header's last word: ``Credit limit``, ``Debit card number``."""

_BOOKED = _words(
    """booking booked posting post posted completed finished settled settlement clearing process
        processed entered effected pagamento
    обработки обробки проводки проведення списания зачисления 帳務日期 入帳日期 入帳日 入帳日付 uzgramatota kirjendatud
    buchung buchungstag buchtag buchungsdatum comptable comptabilisation contabile contable registrazione bokfort
    bogfort bokforingsdag bokforingsdatum bokforingsdato bogforingsdato bogforingsdag reskontradatum
    kirjauspaiva kirjauspvm ksiegowania zaksiegowania zauctovani zauctovania konyveles konyvelesi boekdatum
    boekingsdatum boeking knjizenja lancamento voltooid dokonceni zakonczenia befejezes finalizarii conclusao
    completamento finalizacion
    fullfort abgeschlossen abschlussdatum fin uzbaigimo 记账日期 记账日 入账日期"""
)
_SETTLED = _words("settled settlement")
_OF_ACCOUNT = _words(
    """billing billed settlement booked account buchungsbetrag kontowahrung rachunku konta uctu cuenta conto compte
    konto kontot счета рахунку karty szamla hesap rekening"""
)
"""Words for an amount in the account's currency, or for that currency."""
_MADE = _words(
    """transaction txn tran trans trx tx gestart zahajeni rozpoczecia kezdes inceperii inizio inicio startdato
    operation operacion operacao operazione operacji transakcji
    transaktionsdatum transaktionsdag transaksjonsdato transactiedatum provedeni transakce transakcie
    tranzakcio tranzactie islem операции kaufdatum belegdatum purchase created started authorised authorized
    tapahtumapaiva dateop
    利用日 ご利用日"""
)


_SIGN = _words("sign indicator drcr crdr πρόσημο")
_SHORTEST_SIDE = 3
_NO_SIDE = _words(
    "check cheque sale purchase refund salary interest cashback plus minus load reload eftpos return paid"
)
"""Characters of a header that show a kind or a number."""
_HELD = _words(
    """hold held blocked blokada blokady blokadzie blocage reserviert retenido retenida bloccato bloqueado
    gereserveerd reserverat"""
)
"""Words for a second amount that is not booked yet."""
_OF_CARD = _words(
    """cardholder cuotas parcelas taksit installments kaarthouder kortmedlem kortinnehaver kortholder
    karteninhaber tarjetahabiente
    利用金額 ご利用金額 利用店名 ご利用店名 利用者 ご利用者 ご利用額 가맹점명 승인금액 이용금액 消費日 שובר 消費明細"""
)
_OF_CARD_WORDS = """card member|cardmember|card id|cardid|card holder|cardholder name|card no|card number|kartennummer
    |kortnummer|numero de tarjeta|numero de carte|utlandskt belopp|utl belopp|inkopsstalle|stalle
    |merchant area|merchant category|einkaufsdatum|kaufdatum|titular de la tarjeta|titulaire de la carte
    |purchase date|date of purchase|data da compra|fecha de compra|date d'achat|data acquisto|köpdatum
    |inköpsdatum|kjøpsdato|købsdato|ostopäivä|datum kupnje|prodajno mjesto|söluaðili|datum nákupu
    |data zakupu|aankoopdatum|försäljningsställe|brukersted|data de compra|nome no cartao
    |final do cartao|שם בית עסק|סכום חיוב"""
_OF_CARD_PHRASES = tuple(map(plain, _OF_CARD_WORDS.split("|")))
_MINOR_UNITS = _words(
    "minor minorunits cents cent pence paise centavos centimes centimos kopecks ore groszy haleru fils sen"
)
_LONGEST = 80
_CAMEL = re.compile(r"([a-z])([A-Z])")


def header_roles(name: str) -> tuple[Role, ...]:
    """Return the possible roles of a column with this header, most likely first; empty if the header is unknown."""
    return _roles(name) if len(name) <= _LONGEST else ()


@lru_cache(maxsize=128)  # one file asks for its few headers a hundred times: per delimiter, row and step
def _roles(name: str) -> tuple[Role, ...]:
    if found := _NAMES.get(plain(name)):
        return found
    words = [word for word in _said(name) if word not in UNITS]
    if found := _NAMES.get(" ".join(words)) or _NAMES.get(_unspaced(words)):
        return found
    if found := _NAMES.get(" ".join(word for word in _said(name) if word == "in" or word not in UNITS)):
        return found  # "Paid in (EUR)"
    words += known_words(words)
    return _roles_by_words(name, frozenset(words)) or _side(name)


def _side(name: str) -> tuple[Role, ...]:
    """Return the side (debit or credit) of a header that is a mark."""
    side = mark_of(name) if len(name) > _SHORTEST_SIDE and plain(name) not in _NO_SIDE else None
    return (side,) if side else ()


def _unspaced(words: Sequence[str]) -> str:
    """Return East Asian words, which banks may separate by spaces, as one: ``거래후 잔액``."""
    return "".join(words) if words and all(ord(word[0]) > _EAST for word in words) else ""


def _said(name: str) -> list[str]:
    """Return the words of a header; ``RunningBalance`` has two."""
    return plain(_CAMEL.sub(r"\1 \2", name[:_LONGEST])).split()


def _roles_by_words(name: str, there: frozenset[str]) -> tuple[Role, ...]:
    """Return the roles of a header that is not listed, by its words."""
    if _OTHER & there and (_CURRENCY_WORDS & there - _OTHER or _AMOUNT_WORDS & there):
        if not _AMOUNT_WORDS & there:
            return ("other_currency",)
        # "Amount in local currency" is an amount; its cells tell if it is a currency after all.
        return ("other_amount", "other_currency") if _CURRENCY_WORDS & there - _OTHER else ("other_amount",)
    if _HELD & there and _AMOUNT_WORDS & there:
        return ("other_amount",)
    if not there and any(sign in name for sign in ("[-]", "(-)", "[+]", "(+)")):
        return ("debit",) if "-" in name else ("credit",)
    if not there:
        return ("amount",) if any(sign in name for sign in "$€£") else ()  # "CAD$": the currency alone
    both = bool(_DEBIT_WORDS & there and _CREDIT_WORDS & there)
    if both or _SIGN & there:  # "BillingAmountSign" as well
        return ("mark", *(("amount",) if both else ()), *(("date",) if _DATE_WORDS & there else ()))
    if _RATE_WORDS & there and _CURRENCY_WORDS & there and not _AMOUNT_WORDS & there:
        return ("rate",)  # "Currency rate"
    found: list[Role] = []
    for group, role in _WORD_ROLES:
        if not group & there or (role in {"debit", "credit", "fee"} and _NO_MONEY & there):
            continue
        if group is _POSTED and _NO_DAY & there:
            continue
        if role == "currency" and not {"date", "value_date"}.isdisjoint(found):
            continue  # "Valuta date"
        found.append("value_date" if role == "date" and _VALUE_WORDS & there else role)
    return tuple(found)


def initials(name: str) -> dict[str, Literal["debit", "credit"]]:
    """Return the initials of a header such as ``Cargo/Abono``, and the side of each."""
    said = plain(name).split()
    debit = {word[0] for word in said if word in _DEBIT_WORDS or (len(word) == 1 and MARKS.get(word) == "debit")}
    credit = {word[0] for word in said if word in _CREDIT_WORDS or (len(word) == 1 and MARKS.get(word) == "credit")}
    if len(debit) != 1 or len(credit) != 1 or debit == credit:
        return {}
    sides: dict[str, Literal["debit", "credit"]] = {debit.pop(): "debit", credit.pop(): "credit"}
    if len(said) == len(sides):  # Spain's Norma 43 numbers them as its header names them: 1 is a debit of D/H
        sides |= {str(number): sides[word[0]] for number, word in enumerate(said, start=1) if word[0] in sides}
    return sides


def is_number(name: str) -> bool:
    """Return True for a header of serial, document or reference numbers: these may look like amounts."""
    said = frozenset(_said(name))
    roles = set(header_roles(name))
    money = {"amount", "debit", "credit", "net", "balance", "fee"}
    return not _NUMBERS.isdisjoint(said) and roles.isdisjoint(money) and (_DEBIT_WORDS | _CREDIT_WORDS).isdisjoint(said)


def is_minor(name: str) -> bool:
    """True for a header of amounts in the smallest unit of their currency: ``amount_cents``, ``Betrag in Cent``."""
    return not _MINOR_UNITS.isdisjoint(_said(name))


def date_rank(name: str) -> int:
    """Return the rank of a header of dates: 0 names the booking date, 1 does not say, 2 names another date."""
    words = frozenset(_said(name))
    if words & _BOOKED:
        return 0
    return 2 if words & _MADE else 1


def is_settlement(name: str) -> bool:
    """True for a day of settlement."""
    return not _SETTLED.isdisjoint(_said(name))


def is_plain_date(name: str) -> bool:
    """True for a header that is just a word for a date."""
    return plain(name) in {"date", "datum", "fecha", "data", "dato"}


def amount_rank(name: str) -> int:
    """Return the rank of a header of amounts; the one most likely to be the account's amount comes first."""
    words = [word for word in _said(name) if word not in UNITS]
    there = frozenset(words)
    if there & _OF_ACCOUNT:
        return 0
    if there & {"transaction", "txn", "tran", "operation", "operacion", "operazione", "gross", "brutto", "total"}:
        return 2
    return 1


def is_of_transaction(name: str) -> bool:
    """True for an amount or currency of the transaction, which need not be that of the account."""
    said = _said(name)
    return not _MADE.isdisjoint(said) and _OF_ACCOUNT.isdisjoint(said)


def is_of_card(name: str) -> bool:
    """True for a header that only card statements have: their amounts without a sign are purchases."""
    said = f" {plain(name[:_LONGEST])} "
    used = "\u5229\u7528" in name and "\u53ef\u80fd" not in name  # "ご利用日", and no limit that is left
    return used or not _OF_CARD.isdisjoint(said.split()) or any(f" {phrase} " in said for phrase in _OF_CARD_PHRASES)
