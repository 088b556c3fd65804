"""Germany: semicolons, decimal commas, Latin-1, IBANs, newest first."""

from __future__ import annotations

import datetime
import functools
from typing import TYPE_CHECKING

from genie_finance.synthetic.country import Country, Export, Words, decimal, listed

if TYPE_CHECKING:
    from genie_finance.synthetic.customer import Customer
    from genie_finance.synthetic.draft import Draft
    from genie_finance.synthetic.transaction import Transaction

_SHOPS = {
    "food.groceries": listed("Supermarkt Feldmarkt|Lebensmittel Grünkern|Supermarkt Ackerfroh|Bioladen Rübezahl"),
    "food.delivery": listed("Lieferdienst Tellerflitz|Pizza Lieferservice Ofenrot"),
    "food.restaurants": listed("Gasthaus Zum Blauen Hahn|Ristorante Luna Chiara|Gasthof Lindenhöhe|Imbiss Hafenglück"),
    "food.cafes": listed("Bäckerei Mehlstern|Café Morgenrot|Kaffeehaus Silberlöffel"),
    "transport.fuel": listed("Tankstelle Nordring|Tankstelle Rotdorn|Tankstelle Hügelweg"),
    "transport.public": listed("Verkehrsbetriebe Talheim|Regionalbahn Fahrkarte"),
    "transport.ride": listed("Taxi Wendepunkt|Taxiruf Sternfahrt"),
    "shopping.general": listed("Kaufhaus Sternmann|Warenhaus Kornblume"),
    "shopping.clothing": listed("Bekleidung Fadenlauf|Schuhhaus Wanderfalk|Textil Leinenzeit"),
    "shopping.electronics": listed("Elektronik Voltmeer|Computer Bitgarten"),
    "shopping.home": listed("Baumarkt Holzweg|Möbelhaus Eichenhall"),
    "shopping.personal": listed("Friseur Kammermusik|Drogerie Seifenblase"),
    "health.pharmacy": listed("Apotheke am Weiher|Apotheke Mohnblüte"),
    "entertainment.events": listed("Kino Lichtburgzeit|Theater Rosenhof"),
    "travel.flights": listed("Milanflug Fluggesellschaft|Nordwind Airlines"),
    "travel.lodging": listed("Hotel Seeblick Wendorf|Ferienwohnung Dünenhaus"),
    "entertainment.streaming": listed("Filmwelle Streaming|Klangkiste Streaming|Tagesblick Zeitung"),
    "digital.software": listed("Wolkenfach Cloud Storage|Zettelwerk Software"),
    "health.fitness": listed("Fitnessstudio Kraftquell|Fitness Bergauf"),
    "housing.rent": listed("Hausverwaltung Lindner Hof|Wohnungsgesellschaft Talheim|Hausverwaltung Steingrund"),
    "housing.mortgage": listed("Baufinanzierung Dachstein"),
    "utilities.energy": listed("Stadtwerke Talheim"),
    "utilities.water": listed("Wasserwerke Talheim"),
    "utilities.telecom": listed("Funknetz Telefon|Glasweg Internet"),
    "insurance.other": listed("Haftpflichtversicherung Eichenschild"),
    "debt.loan": listed("Ratenkredit Brückenbank"),
    "education.fees": listed("Musikschule Talheim"),
    "family.childcare": listed("Kita Sonnenkäfer"),
    "large": listed("Küchenstudio Herdfeuer|Dachdecker Ziegelmann|Autohaus Kurvenreich|Schreinerei Spanlos"),
    "strange": listed("QZ Digital Top|Xenmart Overseas|Gamecoin Hub"),
    "employer": listed("Fräswerk Talheim GmbH|Nordlicht Logistik GmbH|Blattgrün Software GmbH|Klinikum Talheim"),
    "client": listed("Agentur Federkiel GmbH|Verlag Papierboot|Studio Weitblick GmbH"),
    "supplier": listed("Großhandel Scheuerle|Verpackung Knickfest GmbH|Kühlhaus Eismeer"),
    "acquirer": listed("Kartenwerk Händlerabrechnung"),
}
_WORDS = {
    "salary": "Gehalt", "bonus": "Weihnachtsgeld", "pension": "Rente", "benefit": "Arbeitslosengeld",
    "child": "Kindergeld", "grant": "Stipendium Scholarship", "parents": "Unterhalt", "rent": "Miete",
    "deposit": "Kaution", "invoice": "Rechnung", "gig": "Wochenabrechnung", "tax": "Einkommensteuer Vorauszahlung",
    "tax_office": "Finanzamt Talheim", "local_tax": "Rundfunkgebühr Beitragsstelle",
    "business_tax": "Umsatzsteuer Voranmeldung", "refund": "Erstattung Retoure", "savings": "Umbuchung Sparkonto",
    "topup": "Umbuchung vom Sparkonto", "fee": "Kontoführung Entgelt", "returned": "Entgelt Rücklastschrift",
    "debit_interest": "Sollzinsen", "credit_interest": "Habenzinsen", "cash": "Bargeldauszahlung Geldautomat",
    "paid_in": "Bareinzahlung", "opening": "Umbuchung Kontoeröffnung", "settlement": "Jahresabrechnung Strom",
    "festival": "Weihnachten", "mover": "Umzüge Schulterschluss", "benefit_office": "Agentur Arbeitslosengeld",
    "pension_office": "Rentenkasse Mittelland", "urgent": "Dringend Sicherheitskonto", "friend": "Abendessen",
    "wage": "Lohn Aushilfe",
}  # fmt: skip
_BIC = "XQZBDE00XXX"


@functools.lru_cache(maxsize=4_096)
def _date(day: int) -> str:
    return f"{datetime.date.fromordinal(day):%d.%m.%Y}"


def _wording(draft: Draft, reference: str, customer: Customer) -> Words:  # noqa: PLR0911 - one line a rail
    note = draft.note or f"RG {reference[-7:]}"
    incoming = draft.minor > 0
    match draft.payee.rail:
        case "card":
            kind = "KARTENGUTSCHRIFT" if incoming else "KARTENZAHLUNG"
            return kind, f"{draft.note} {customer.city} {_date(draft.day)} Debitk. 1".strip()
        case "debit":
            return "FOLGELASTSCHRIFT", f"{note} EREF+{reference} MREF+M{reference[-6:]}"
        case "order":
            return "DAUERAUFTRAG", note
        case "instant":
            return "ECHTZEIT-GUTSCHRIFT" if incoming else "ECHTZEIT-ÜBERWEISUNG", note
        case "transfer" | "check":
            if draft.payee.category == "income.salary":
                return "LOHN GEHALT", f"{note} {_date(draft.day)[3:]}"
            return "GUTSCHRIFT ÜBERWEISUNG" if incoming else "ONLINE-ÜBERWEISUNG", f"{note} EREF+{reference}"
        case "cash":
            return "BARGELDAUSZAHLUNG", f"{note} {customer.city} {_date(draft.day)}"
        case "deposit":
            return "BAREINZAHLUNG", f"{note} {customer.city} {_date(draft.day)}"
        case "bank":
            return "ABSCHLUSS", f"{note} {_date(draft.day)[3:]}"


def _row(one: Transaction, customer: Customer) -> tuple[str, ...]:
    date = _date(one.date.toordinal())
    return (
        "Girokonto", customer.account, _BIC, "Talheimer Beispielbank", date, date, one.payee, one.account,
        _BIC if one.account else "", one.kind, one.narration, decimal(one.minor, ","), one.currency,
        decimal(one.balance, ","), "", "", "",
    )  # fmt: skip


GERMANY = Country(
    code="DE", currency="EUR", price=100, pay=100, whole=False,
    overdraft=80, debit_rate=1_190, credit_rate=0, interest_months=(3, 6, 9, 12),
    pay_day=28, bonus_month=11, energy=(100,) * 12, holidays=(7, 8),
    threshold=10_000_00,  # proof of origin above 10,000 in cash: BaFin, guidance on the GwG, 2021
    iban=True, bank="99980000", account_digits=10,
    cities=listed("Talheim|Wendorf|Steingrund|Neubrück|Oberlinden|Seefelde"),
    given=listed("Anna|Jonas|Lea|Felix|Marie|Paul|Clara|Emil|Jürgen|Sabine|Käthe|Björn"),
    families=listed("Lindnerhof|Wolkenstamm|Grünthaler|Eschenrodt|Möhrenfeld|Sterzbacher|Kaltwiesner|Tannmüller"),
    shops=_SHOPS, words=_WORDS,
    rails={"": ("card", "card", "card", "debit"), "shopping.general": ("card", "debit", "transfer"),
           "transport.public": ("debit", "card"), "housing.rent": ("order",)},
    wording=_wording,
    export=Export(
        header=("Bezeichnung Auftragskonto", "IBAN Auftragskonto", "BIC Auftragskonto", "Bankname Auftragskonto",
                "Buchungstag", "Valutadatum", "Name Zahlungsbeteiligter", "IBAN Zahlungsbeteiligter",
                "BIC (SWIFT-Code) Zahlungsbeteiligter", "Buchungstext", "Verwendungszweck", "Betrag", "Waehrung",
                "Saldo nach Buchung", "Bemerkung", "Kategorie", "Steuerrelevant"),
        row=_row, delimiter=";", encoding="latin-1", quoted=False, newest_first=True,
        profile={"encoding": "latin-1", "date_order": "dmy"},
    ),
)  # fmt: skip
"""Rates and days are typical of 2025; bank codes that start with 9 are not assigned."""
