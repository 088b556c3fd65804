"""The United States: month before day, one signed column, newest first, no currency named."""

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
    "food.groceries": listed("Prairie Basket Supermarket|Cornflower Grocery|Hilltop Food Market|Sunny Acre Groceries"),
    "food.delivery": listed("Dinnerjet Food Delivery|Doorspoon Takeout"),
    "food.restaurants": listed("Blue Canyon Diner|Red Barn Grill|Mesa Verde Taqueria|Golden Wok Noodles"),
    "food.cafes": listed("Lighthouse Coffee|Maple Corner Bakery|Dusty Mug Espresso"),
    "transport.fuel": listed("Roadrunner Gas Station|Plainsway Fuel|Twin Creek Gas Station"),
    "transport.public": listed("Metro Transit Pass|Bayline Transit"),
    "transport.ride": listed("Hopcab Rideshare|Yellow Fern Taxi"),
    "shopping.general": listed("Boxwagon Online Shopping|Fairlane Department Store"),
    "shopping.clothing": listed("Cotton Creek Clothing|Trailhead Shoes"),
    "shopping.electronics": listed("Circuit Barn Electronics|Bytefield Computers"),
    "shopping.home": listed("Hammer And Pine Hardware Store|Porchlight Furniture"),
    "shopping.personal": listed("Clip Joint Barbershop|Juniper Salon"),
    "health.pharmacy": listed("Cedar Street Pharmacy|Wellspring Drugstore"),
    "entertainment.events": listed("Starlight Cinema|Riverfront Theater"),
    "travel.flights": listed("Condor Peak Airlines|Bluejay Airways"),
    "travel.lodging": listed("Pinecrest Motel|Harbor Star Hotel"),
    "entertainment.streaming": listed("Reelcloud Streaming|Tunebarn Streaming|Daily Beacon Newspaper"),
    "digital.software": listed("Skyshelf Cloud Storage|Penpoint Software"),
    "health.fitness": listed("Iron Prairie Gym|Summit Fitness"),
    "housing.rent": listed("Elmwood Rent Services|Cedar Hollow Rent Office"),
    "housing.mortgage": listed("Hearthland Mortgage"),
    "utilities.energy": listed("Meridian Valley Energy"),
    "utilities.water": listed("Creekside Water Services"),
    "utilities.telecom": listed("Fiberfox Internet|Ringwell Telecom"),
    "insurance.other": listed("Oakshield Insurance"),
    "debt.loan": listed("Bridgeway Auto Loan"),
    "education.fees": listed("Lakeside Tuition Office"),
    "family.childcare": listed("Little Acorn Daycare"),
    "large": listed("Granite Peak Kitchens|Shingle Brothers Roofing|Canyon Motors|Evergreen Landscaping"),
    "strange": listed("QZ Digital Top|Xenmart Overseas|Gamecoin Hub"),
    "employer": listed("Bluestem Software Inc|Ironwood Freight Inc|Prairie Health Clinic|Sagebrush Foods Inc"),
    "client": listed("Paperboat Studio Llc|Copperfield Media Llc|Sandstone Design Llc"),
    "supplier": listed("Wagonwheel Wholesale|Boxfold Packaging Inc|Frostline Cold Storage"),
    "acquirer": listed("Tillwise Merchant Settlement"),
}
_WORDS = {
    "salary": "DIRECT DEP PAYROLL", "bonus": "DIRECT DEP PAYROLL BONUS", "pension": "PENSION",
    "benefit": "UNEMPLOYMENT BENEFIT", "child": "CHILD BENEFIT CREDIT", "grant": "SCHOLARSHIP",
    "parents": "ALLOWANCE", "rent": "RENT", "deposit": "SECURITY DEPOSIT", "invoice": "INVOICE",
    "gig": "WEEKLY PAYOUT", "tax": "ESTIMATED TAX PAYMENT", "tax_office": "Federal Tax Office",
    "local_tax": "County Property Tax", "business_tax": "SALES TAX PAYMENT", "refund": "RETURN REFUND",
    "savings": "ONLINE TRANSFER TO SELF SAVINGS", "topup": "ONLINE TRANSFER OWN ACCOUNT FROM SAVINGS",
    "fee": "MONTHLY FEE", "returned": "RETURNED ITEM FEE", "debit_interest": "OVERDRAFT INTEREST",
    "credit_interest": "INTEREST PAID", "cash": "ATM WITHDRAWAL", "paid_in": "ATM CASH DEPOSIT",
    "opening": "OWN ACCOUNT OPENING TRANSFER", "settlement": "ENERGY TRUE UP", "festival": "HOLIDAY",
    "mover": "Steady Hands Moving", "benefit_office": "State Benefits Office",
    "pension_office": "Retirement Fund Office", "urgent": "SECURE ACCOUNT", "friend": "DINNER", "wage": "WAGES",
}  # fmt: skip


@functools.lru_cache(maxsize=4_096)
def _date(day: int) -> str:
    return f"{datetime.date.fromordinal(day):%m/%d/%Y}"


def _wording(draft: Draft, reference: str, customer: Customer) -> Words:  # noqa: PLR0911 - one line a rail
    name, note = draft.payee.name.upper(), draft.note
    incoming = draft.minor > 0
    match draft.payee.rail:
        case "card":
            if incoming:
                return "DEBIT_CARD", f"POS {note or 'CREDIT'} {name} {customer.city.upper()}"
            return "DEBIT_CARD", f"POS DEBIT {name} {customer.city.upper()} {_date(draft.day)[:5]}"
        case "debit" | "order":
            return "ACH_DEBIT", f"{name} {note or 'AUTOPAY'} PPD ID: 9{reference[-7:]}"
        case "transfer" if draft.payee.category.startswith("transfer"):
            return "ACCT_XFER", f"{note} XXXX{reference[-4:]}"
        case "transfer":
            kind = "ACH_CREDIT" if incoming else "ACH_DEBIT"
            return kind, f"{name} {note} PPD ID: 9{reference[-7:]}"
        case "instant":
            return "QUICKPAY", f"PERSON PAYMENT {'FROM' if incoming else 'TO'} {name} {note}".strip()
        case "check":
            return "CHECK_PAID", f"CHECK {reference[-4:]} {name} {note}".strip()
        case "cash":
            return "ATM", f"{note} {_date(draft.day)[:5]} {customer.city.upper()}"
        case "deposit":
            return "ATM_DEPOSIT", f"{note} {_date(draft.day)[:5]} {customer.city.upper()}"
        case "bank":
            return "FEE_TRANSACTION" if draft.minor < 0 else "MISC_CREDIT", note


def _row(one: Transaction, _: Customer) -> tuple[str, ...]:
    return _date(one.date.toordinal()), one.narration, decimal(one.minor), one.kind, decimal(one.balance)


AMERICA = Country(
    code="US", currency="USD", price=122, pay=165, whole=False,
    overdraft=0, debit_rate=0, credit_rate=5, interest_months=tuple(range(1, 13)),
    pay_day=0, bonus_month=12, energy=(115, 105, 90, 80, 85, 115, 135, 130, 105, 80, 75, 85), holidays=(7, 12),
    threshold=10_000_00,  # currency transaction reports: 31 CFR 1010.311
    iban=False, bank="XXXXXX", account_digits=4,
    cities=listed("Cedar Hollow|Elmwood|Prairie Creek|Bluff City|Harbor Point|Mesa Ridge"),
    given=listed("Ethan|Olivia|Mason|Ava|Logan|Sofia|Carter|Maya|Diego|Grace|Wyatt|Naomi"),
    families=listed("Hollowell Reed|Bramwick|Cedarholm|Prairiestone|Ironvale|Westermark|Larkspur|Copperhill|Dunmoor"),
    shops=_SHOPS, words=_WORDS,
    rails={"": ("card",), "housing.rent": ("check", "debit")},
    wording=_wording,
    export=Export(
        header=("Posting Date", "Description", "Amount", "Type", "Balance"),
        row=_row, delimiter=",", encoding="utf-8", quoted=False, newest_first=True,
        profile={"date_order": "mdy", "currency": "USD"},
    ),
)  # fmt: skip
"""Rates and days are typical of 2025."""
