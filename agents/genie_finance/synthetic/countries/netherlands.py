"""The Netherlands: every cell quoted, dates without separators, unsigned amounts beside `Af` and `Bij`."""

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
    "food.groceries": listed("Supermarkt Zeewind|Supermarkt De Molenkorf|Supermarkt Poldergroen|Bioladen Akkerlicht"),
    "food.delivery": listed("Bordje Thuis Takeaway|Fietskoerier Food Delivery"),
    "food.restaurants": listed("Restaurant De Gouden Reiger|Eetcafe Bistro Waterlijn|Pizzeria Bella Gracht"),
    "food.cafes": listed("Bakkerij Korenaar|Cafe Het Zilveren Anker|Espresso Hoekje"),
    "transport.fuel": listed("Tankstation Dijkzicht|Tankstation Noorderpoort"),
    "transport.public": listed("Streekvervoer Public Transport|Tram Stad Reizen"),
    "transport.ride": listed("Taxi Bruggenloop|Taxi Snelhof"),
    "shopping.general": listed("Warenhuis Online Shopping Kievit|Bazaar De Klok"),
    "shopping.clothing": listed("Mode Boutique Linnen|Schoenen Shoes Stappenplan"),
    "shopping.electronics": listed("Electronics Stroomkring|Computer Bitweide"),
    "shopping.home": listed("DIY Bouwmarkt Balk|Home Decor Huiskamer"),
    "shopping.personal": listed("Kapper Knipoog|Beauty Zeepbel"),
    "health.pharmacy": listed("Apotheek De Vijzel|Apotheek Waterlelie"),
    "entertainment.events": listed("Bioscoop Cinema Lantaarn|Theater De Kring"),
    "travel.flights": listed("Reigerlijn Airlines|Noordzee Airways"),
    "travel.lodging": listed("Hotel Duinrand|Hotel Oude Sluis"),
    "entertainment.streaming": listed("Beeldstroom Streaming|Klankdoos Streaming|Ochtendblad Magazine"),
    "digital.software": listed("Wolkkast Cloud Storage|Notitiehuis Software"),
    "health.fitness": listed("Fitness De Veer|Sportschool Kernkracht"),
    "housing.rent": listed("Woonstichting Huur Waterland|Huur Verhuurkantoor Linde"),
    "housing.mortgage": listed("Hypotheek Dakpan"),
    "utilities.energy": listed("Poldervolt Energy"),
    "utilities.water": listed("Waterbedrijf Laagland"),
    "utilities.telecom": listed("Kabelwind Internet|Belgolf Telecom"),
    "insurance.other": listed("Zeedijk Verzekeringen"),
    "debt.loan": listed("Lening Brugkrediet"),
    "education.fees": listed("School Fees Muziekhuis"),
    "family.childcare": listed("Kinderopvang Het Nest"),
    "large": listed("Keukens Haardplaats|Dakwerken Rietkap|Garage Bochtenwerk|Zonnepanelen Lichtveld"),
    "strange": listed("QZ Digital Top|Xenmart Overseas|Gamecoin Hub"),
    "employer": listed("Havenlicht Logistiek BV|Molenwiek Software BV|Zorggroep Waterland|Kasbouw Westpolder BV"),
    "client": listed("Studio Inktvis BV|Uitgeverij Papierboot|Bureau Helder BV"),
    "supplier": listed("Groothandel De Kist|Verpakking Vouwvast BV|Koelhuis Noord"),
    "acquirer": listed("Pinwerk Merchant Settlement"),
}
_WORDS = {
    "salary": "Salaris", "bonus": "Vakantiegeld Salaris", "pension": "AOW Pensioen",
    "benefit": "Unemployment Benefit WW", "child": "Kinderbijslag", "grant": "Studiefinanciering Scholarship",
    "parents": "Bijdrage ouders", "rent": "Huur", "deposit": "Waarborgsom", "invoice": "Factuur Invoice",
    "gig": "Weekuitbetaling", "tax": "Inkomstenbelasting voorlopige aanslag",
    "tax_office": "Belastingkantoor Waterland", "local_tax": "Gemeentebelastingen Waterland",
    "business_tax": "Omzetbelasting aangifte", "refund": "Retour Refund",
    "savings": "Naar eigen spaarrekening Own Account", "topup": "Van eigen spaarrekening Own Account",
    "fee": "Kosten betaalrekening", "returned": "Kosten storno Bank Fee",
    "debit_interest": "Debit Interest rood staan", "credit_interest": "Credit Interest", "cash": "Geldopname",
    "paid_in": "Storting", "opening": "Eerste storting Own Account", "settlement": "Jaarnota energie",
    "festival": "Sinterklaas", "mover": "Verhuizers Draagkracht", "benefit_office": "Uitkeringskantoor",
    "pension_office": "Pensioenkantoor Waterland", "urgent": "Spoed kluisrekening", "friend": "Etentje",
    "wage": "Loon hulpkracht",
}  # fmt: skip


@functools.lru_cache(maxsize=4_096)
def _dates(day: int) -> tuple[str, str]:
    date = datetime.date.fromordinal(day)
    return f"{date:%Y%m%d}", f"{date:%d-%m-%Y}"


def _wording(draft: Draft, reference: str, customer: Customer) -> Words:
    note, name = draft.note or f"Kenmerk {reference[-7:]}", draft.payee.name
    date = _dates(draft.day)[1]
    minutes = int(reference[-4:])
    time = f"{8 + minutes % 14:02d}:{minutes % 60:02d}"
    match draft.payee.rail:
        case "card":
            where = f"{customer.city} {draft.note}".strip()
            return "Betaalautomaat", f"Pasvolgnr: 001 {date} {time} Transactie: T{reference[-5:]} {where}"
        case "instant":
            return "iDEAL", f"Naam: {name} Omschrijving: {note} Datum/Tijd: {date} {time}"
        case "debit":
            return "Incasso", f"Naam: {name} Omschrijving: {note} Machtiging ID: M{reference[-6:]} Doorlopende incasso"
        case "transfer" | "order" | "check":
            return "Overschrijving" if draft.minor > 0 else "Online bankieren", f"Naam: {name} Omschrijving: {note}"
        case "cash":
            return "Geldautomaat", f"{note} Pasvolgnr: 001 {date} {time} {customer.city}"
        case "deposit":
            return "Storting", f"{note} {date} {customer.city}"
        case "bank":
            return "Diversen", f"{note} {date[3:]}"


_CODES = {
    "Betaalautomaat": "BA", "iDEAL": "ID", "Incasso": "IC", "Overschrijving": "OV", "Online bankieren": "GT",
    "Geldautomaat": "GM", "Storting": "ST", "Diversen": "DV",
}  # fmt: skip


def _row(one: Transaction, customer: Customer) -> tuple[str, ...]:
    return (
        _dates(one.date.toordinal())[0], one.payee, customer.account, one.account, _CODES[one.kind],
        "Af" if one.minor < 0 else "Bij", decimal(abs(one.minor), ","), one.kind, one.narration,
        decimal(one.balance, ","), "",
    )  # fmt: skip


NETHERLANDS = Country(
    code="NL", currency="EUR", price=106, pay=112, whole=False,
    overdraft=40, debit_rate=990, credit_rate=0, interest_months=(3, 6, 9, 12),
    pay_day=24, bonus_month=5, energy=(100,) * 12, holidays=(7, 8),
    threshold=10_000_00,  # cash of 10,000 or more is reported: Uitvoeringsbesluit Wwft 2018, annex on indicators
    iban=True, bank="XQZB", account_digits=10,
    cities=listed("Waterland|Oudesluis|Molenhoek|Duinrode|Westpolder|Nieuwerbrug"),
    given=listed("Daan|Emma|Sem|Julia|Bram|Lotte|Thijs|Fenna|Willem|Sanne|Joris|Maud"),
    families=listed("van der Zeewal|de Molenaerts|Rietvinck|Brugmaete|van Polderen|Waterloper|Duinrand|Kaaskamp"),
    shops=_SHOPS, words=_WORDS,
    rails={"": ("card", "card", "instant"), "food.groceries": ("card",), "transport.fuel": ("card",),
           "food.cafes": ("card",), "housing.rent": ("debit",)},
    wording=_wording,
    export=Export(
        header=("Datum", "Naam / Omschrijving", "Rekening", "Tegenrekening", "Code", "Af Bij", "Bedrag (EUR)",
                "Mutatiesoort", "Mededelingen", "Saldo na mutatie", "Tag"),
        row=_row, delimiter=";", encoding="utf-8", quoted=True, newest_first=True, profile={"date_order": "ymd"},
    ),
)  # fmt: skip
"""Rates and days are typical of 2025; no bank has the code XQZB."""
