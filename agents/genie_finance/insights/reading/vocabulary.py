"""The words of bank exports in the languages that are read: headers, debit and credit marks, rows of balances."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from genie_finance.insights.reading.currencies import CODES

Role = Literal["date", "value_date", "narration", "amount", "debit", "credit", "mark", "balance", "currency", "account"]

_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "å": "a", "ß": "ss", "ł": "l", "đ": "d", "œ": "oe"})


def unaccented(text: str) -> str:
    """Return the text in lower case without accents."""
    lower = text.lower()
    if lower.isascii():
        return lower
    spread = unicodedata.normalize("NFKD", lower.translate(_LETTERS))
    return "".join(c for c in spread if not unicodedata.combining(c))


def plain(text: str) -> str:
    """Return the words of a text: lower case, unaccented, everything but letters and digits as one space."""
    return " ".join("".join(c if c.isalnum() else " " for c in unaccented(text)).split())


_HEADERS: dict[Role, str] = {
    "date": """date|transaction date|txn date|tran date|trans date|posting date|post date|posted date|posted
        |date posted|booking date|booked|date booked|completed date|operation date|entry date
        |transaction date and time|dated|buchungstag|buchungsdatum|buchung|datum|belegdatum|umsatzdatum
        |date operation|date de l operation|date de operation|date d operation|date comptable
        |date de comptabilisation|date ecriture|boekdatum|boekingsdatum|transactiedatum|data|data lancamento
        |data do lancamento|data de lancamento|data mov|data movimento|data do movimento|data operacao
        |data contabile|data operazione|data registrazione|fecha|fecha operacion|fecha de operacion
        |fecha de la operacion|fecha contable|f operacion|f contable|dato|bogfort|bogforingsdato|bogforingsdag
        |bokforingsdato|bokforingsdag|bokforingsdatum|bokfort|bokfort dato|transaktionsdatum|transaktionsdag
        |transaksjonsdato|utfort dato""",
    "value_date": """value date|value dt|val date|val dt|valuta|valutadatum|wertstellung|wertstellungsdatum|wert
        |valuta datum|date valeur|date de valeur|valutadato|rentedato|rentedatum|rentedag|data valuta|data valor
        |data do valor|fecha valor|f valor|valutadag|effective date""",
    "narration": """narration|description|transaction description|details|transaction details|particulars|remarks
        |memo|transaction remarks|payee|payee name|name|merchant|merchant name|counterparty|counter party
        |transaction|narrative|original description|extended details|verwendungszweck|buchungstext|buchungsdetails
        |umsatztext|text|empfanger|beguenstigter zahlungspflichtiger|begunstigter zahlungspflichtiger
        |beguenstigter|begunstigter|auftraggeber|auftraggeber beguenstigter|auftraggeber begunstigter
        |auftraggeber empfanger|zahlungsempfanger|zahlungspflichtiger|zahlungsempfanger in|zahlungspflichtige r
        |name zahlungsbeteiligter|beschreibung|libelle|libelle operation|libelle de l operation|libelle simplifie
        |detail de l ecriture|detail|nature de l operation|description de l operation|omschrijving
        |naam omschrijving|mededelingen|mededeling|naam tegenpartij|tegenpartij|naam|descricao
        |descricao do movimento|historico|lancamento|movimento|descrizione|causale|descrizione operazione
        |descrizione estesa|concepto|descripcion|observaciones|movimiento|beneficiario|detalle|tekst|beskrivelse
        |forklaring|beskrivning|meddelande|mottagare|transaktion|melding|modtager|avsandare|specifikation|referens""",
    "amount": """amount|transaction amount|txn amount|tran amount|amt|value|betrag|umsatz|montant
        |montant de l operation|bedrag|transactiebedrag|valor|valor do movimento|quantia|importe
        |importe de la operacion|importo|importo operazione|belop|belob|belopp|amount debit credit
        |debit credit amount|net amount|monto""",
    "debit": """debit|debits|debit amount|debit amt|debit montant|withdrawal|withdrawals|withdrawal amt
        |withdrawal amount|amount debited|money out|paid out|payments out|out|outgoing|soll|belastung|lastschrift
        |lastschriften|montant debit|debito|debitos|valor debito|saida|saidas|cargo|cargos|gasto|gastos|debe
        |addebiti|addebito|uscite|uscita|dare|ut|ut av konto|ut fra konto|uttag|ud|udbetaling|utbetaling|uit|debet
        |afschrijving|af|dr|dr amount|spent|withdrawal dr|debit dr|depenses|depense""",
    "credit": """credit|credits|credit amount|credit amt|credit montant|deposit|deposits|deposit amt
        |deposit amount|amount credited|money in|paid in|payments in|in|incoming|haben|gutschrift|gutschriften
        |montant credit|credito|creditos|valor credito|entrada|entradas|abono|abonos|ingreso|ingresos|haber
        |accrediti|accredito|entrate|entrata|avere|inn|inn pa konto|insattning|ind|indbetaling|innbetaling|kredit
        |bijschrijving|bij|cr|cr amount|received|deposit cr|credit cr|lodgements|recettes|recette""",
    "mark": """dr cr|cr dr|debit credit|credit debit|debit or credit|credit debit indicator|debit credit indicator
        |af bij|soll haben|s h|debet credit|d c|c d|indicator|sens|type|transaction type|txn type|tipo|typ|art
        |details""",
    "balance": """balance|closing balance|running balance|available balance|account balance|ledger balance
        |balance amt|balance amount|saldo|solde|kontostand|saldo nach buchung|saldo contable|saldo apos
        |saldo apos movimento|saldo disponibile|saldo final|saldo contabilistico|bokfort saldo|saldo na mutatie
        |saldo na boeking|disponibel saldo|bogfort saldo""",
    "currency": """currency|currency code|account currency|transaction currency|ccy|curr|wahrung|waehrung|devise
        |monnaie|munt|muntsoort|valuta|moeda|moneda|divisa|divisa importe|valutakod|valutakode""",
    "account": """account|account number|account no|account name|auftragskonto|konto|kontonummer
        |iban auftragskonto|rekening|rekeningnummer|compte|numero de compte|conta|cuenta|conto|iban bban""",
}  # fmt: skip

TYPE_WORDS = frozenset({"type", "transaction type", "txn type", "tipo", "typ", "art", "details"})
"""Headers that name a debit or credit mark at one bank and the kind of payment at another."""

_NAMES: dict[str, tuple[Role, ...]] = {}
for _role, _words in _HEADERS.items():
    for _name in _words.split("|"):
        _NAMES[_name.strip()] = (*_NAMES.get(_name.strip(), ()), _role)

_UNITS = frozenset(code.lower() for code in CODES) - {"all", "top", "try"} | {"en", "euro", "euros", "rs", "kr"}
"""Words beside a header's own: ``Amount (INR)``, ``Montant en euros``."""

_WORD_ROLES: tuple[tuple[frozenset[str], Role], ...] = (
    (frozenset({"balance", "saldo", "solde", "kontostand"}), "balance"),
    (frozenset({"withdrawal", "withdrawals"}), "debit"),
    (frozenset({"deposit", "deposits"}), "credit"),
    (frozenset({"date", "datum", "fecha", "data", "dato"}), "date"),
    (
        frozenset({"amount", "amt", "betrag", "montant", "bedrag", "importe", "importo", "belop", "belob", "belopp"}),
        "amount",
    ),
    (
        frozenset({"narration", "description", "particulars", "verwendungszweck", "libelle", "omschrijving"}),
        "narration",
    ),
)
"""For headers that are not listed: the first group of which a word occurs decides."""
_VALUE_WORDS = frozenset({"value", "valuta", "valeur", "valor", "val", "wertstellung"})


def header_roles(name: str) -> tuple[Role, ...]:
    """Return the roles that a column of that header may have, likeliest first; empty if the header says nothing."""
    whole = plain(name)
    if found := _NAMES.get(whole):
        return found
    words = [word for word in whole.split() if word not in _UNITS]
    if found := _NAMES.get(" ".join(words)):
        return found
    for group, role in _WORD_ROLES:
        if group.intersection(words):
            return ("value_date",) if role == "date" and _VALUE_WORDS.intersection(words) else (role,)
    return ()


Mark = Literal["debit", "credit"]

MARKS: dict[str, Mark] = {
    **dict.fromkeys(
        ("debit", "dr", "d", "db", "dbit", "af", "soll", "s", "out", "withdrawal", "cargo", "debito", "debet", "uscita",
         "saida", "ut", "ud", "belastung", "lastschrift", "check", "cheque", "dr."), "debit",
    ),
    **dict.fromkeys(
        ("credit", "cr", "c", "bij", "haben", "h", "in", "deposit", "kredit", "credito", "abono", "entrata", "entrada",
         "inn", "ind", "gutschrift", "dslip", "cr."), "credit",
    ),
}  # fmt: skip
"""Words that say beside an unsigned amount whether money went out or came in."""


def mark_of(cell: str) -> Mark | None:
    """Return what a debit/credit cell says, or None if it says something else."""
    if not cell:
        return None
    found = MARKS.get(cell.lower())
    if found or len(cell) > 20 or cell[0].isdigit():  # no such word starts with a digit, as dates and amounts do
        return found
    return MARKS.get(plain(cell))


_OPENING = """opening balance|balance brought forward|brought forward|bal b f|balance b f|b f|bal brought forward|bf
    |starting balance|previous balance|beginning balance|start balance|saldo anterior|saldo inicial|saldo iniziale
    |saldo precedente|anfangssaldo|anfangsbestand|saldovortrag|alter saldo|kontostand alt|alter kontostand|ancien solde
    |solde precedent|solde initial|solde anterieur|report du solde|beginsaldo|vorig saldo|openingssaldo|primosaldo
    |indgaende saldo|inngaende saldo|ingaende saldo|saldo de apertura|saldo de abertura"""
_CLOSING = """closing balance|balance carried forward|carried forward|balance c f|bal c f|c f|ending balance|end balance
    |saldo final|saldo finale|saldo atual|saldo actual|saldo attuale|endsaldo|schlusssaldo|endbestand|neuer saldo
    |kontostand neu|neuer kontostand|nouveau solde|solde final|eindsaldo|nieuw saldo|slutsaldo|ultimosaldo
    |utgaende saldo|udgaende saldo|saldo do dia|s a l d o"""
_TOTAL = (
    "total|totals|grand total|sub total|subtotal|summe|gesamt|totaal|totale|totali|totais|totales|sum|total general"
)

_PHRASES = {
    phrase.strip(): kind
    for kind, phrases in (("opening", _OPENING), ("closing", _CLOSING), ("total", _TOTAL))
    for phrase in phrases.split("|")
}
_FIRST_WORDS = frozenset(phrase.split()[0] for phrase in _PHRASES)
_WORD = re.compile(r"[^\W_]+")
_LONGEST_PHRASE = max(len(phrase.split()) for phrase in _PHRASES)
_AROUND = frozenset((
    "as", "on", "at", "of", "from", "to", "the", "previous", "page", "statement", "account", "per", "am", "vom", "zum",
    "del", "al", "au", "du", "le", "de", "em", "op", "pr", "date", "dated", "for", "until", "bis", "tot", "fino", "a",
))  # fmt: skip
"""Words that may follow such a phrase without making it a payee: ``Opening balance as on 01/04/2025``."""


def balance_row(narration: str) -> str:
    """Return ``opening``, ``closing`` or ``total`` for the narration of a row that is no transaction, else ``""``."""
    text = unaccented(narration[:120])
    first = _WORD.search(text)
    if first is None or first[0] not in _FIRST_WORDS:  # so it is with nearly every row
        return ""
    words = plain(text).split()
    for count in range(min(_LONGEST_PHRASE, len(words)), 0, -1):
        kind = _PHRASES.get(" ".join(words[:count]))
        if kind and all(word in _AROUND or word in _UNITS or not word.isalpha() for word in words[count:]):
            return kind
    return ""
