"""The United Kingdom: day before month, separate columns for outgoing and incoming money, oldest first."""

from __future__ import annotations

import datetime
import functools
from typing import TYPE_CHECKING

from genie_finance.synthetic.country import Country, Export, Words, decimal, listed, month_name

if TYPE_CHECKING:
    from genie_finance.synthetic.customer import Customer
    from genie_finance.synthetic.draft import Draft
    from genie_finance.synthetic.transaction import Transaction

_SHOPS = {
    "food.groceries": listed("Rowan Supermarket|Hedgerow Groceries|Oatfield Supermarket|Larder Lane Grocers"),
    "food.delivery": listed("Kettle Bike Takeaway|Plate Rocket Food Delivery"),
    "food.restaurants": listed("Copper Heron Restaurant|Bramble Bistro|Harbour Lamp Fish Chips|Paper Lantern Noodles"),
    "food.cafes": listed("Foxglove Coffee|Thimble Cafe|The Brass Owl Pub|Crumb Bakery"),
    "transport.fuel": listed("Milestone Filling Station|Redgate Service Station|Wayfare Fuel"),
    "transport.public": listed("Cityline Trains|Riverside Buses"),
    "transport.ride": listed("Beacon Taxi|Quickmile Minicab"),
    "shopping.general": listed("Parcelwren Online Shopping|Larkhill Department Store"),
    "shopping.clothing": listed("Thread And Thistle Clothing|Cobblers Row Shoes"),
    "shopping.electronics": listed("Wireworks Electronics|Bytebarn Computers"),
    "shopping.home": listed("Oak And Nail Hardware Store|Hearthside Furniture"),
    "shopping.personal": listed("Snip Street Hairdresser|Willow Beauty"),
    "health.pharmacy": listed("Mortar Lane Pharmacy|Greencross Row Chemist"),
    "entertainment.events": listed("Lantern Cinema|Old Mill Theatre"),
    "travel.flights": listed("Gannet Airways|Northern Swift Airlines"),
    "travel.lodging": listed("Saltmarsh Hotel|Fellside Guest House"),
    "entertainment.streaming": listed("Lumenreel Streaming|Songhive Streaming|Daily Quill Newspaper"),
    "digital.software": listed("Cloudloft Cloud Storage|Inkpad Software"),
    "health.fitness": listed("Kettlebarn Gym|Stride Fitness"),
    "housing.rent": listed("Fernhill Lettings|Kingsmere Lettings|Ashdown Lettings"),
    "housing.mortgage": listed("Hearth And Stone Mortgage"),
    "utilities.energy": listed("Brightmoor Energy"),
    "utilities.water": listed("Vale Water Services"),
    "utilities.telecom": listed("Fenwave Broadband|Chatterbox Mobile Bill"),
    "insurance.other": listed("Shieldwick Insurance"),
    "debt.loan": listed("Bridgeford Loan Repayment"),
    "education.fees": listed("Riverbank Music School"),
    "family.childcare": listed("Acorn Row Nursery"),
    "large": listed("Stonepath Kitchens|Slate And Sons Roofing|Hilltop Motors|Glasshouse Windows"),
    "strange": listed("QZ Digital Top|Xenmart Overseas|Gamecoin Hub"),
    "employer": listed("Larchfield Systems Ltd|Pennant Freight Ltd|Moorgate Row Clinic|Tidewater Foods Ltd"),
    "client": listed("Quillbank Studio|Paperboat Press|Gorsefield Media"),
    "supplier": listed("Cartwheel Wholesale|Boxfold Packaging|Frostline Cold Store"),
    "acquirer": listed("Tillwise Merchant Settlement"),
}
_WORDS = {
    "salary": "SALARY", "bonus": "SALARY BONUS", "pension": "STATE PENSION", "benefit": "UNIVERSAL CREDIT",
    "child": "CHILD BENEFIT", "grant": "SCHOLARSHIP", "parents": "ALLOWANCE", "rent": "RENT",
    "deposit": "TENANCY DEPOSIT", "invoice": "INVOICE", "gig": "WEEKLY PAYOUT", "tax": "SELF ASSESSMENT TAX",
    "tax_office": "Revenue Office", "local_tax": "Vale Council Tax", "business_tax": "VAT TAX PAYMENT",
    "refund": "REFUND", "savings": "TO OWN ACCOUNT SAVER", "topup": "FROM OWN ACCOUNT SAVER", "fee": "ACCOUNT FEE",
    "returned": "UNPAID ITEM BANK FEE", "debit_interest": "OVERDRAFT INTEREST", "credit_interest": "CREDIT INTEREST",
    "cash": "CASH MACHINE", "paid_in": "CASH DEPOSIT", "opening": "FROM OWN ACCOUNT OPENING",
    "settlement": "ENERGY ACCOUNT SETTLEMENT", "festival": "CHRISTMAS", "mover": "Liftwell Removals",
    "benefit_office": "Benefits Office", "pension_office": "Pensions Office", "urgent": "SAFE ACCOUNT",
    "friend": "DINNER", "wage": "WAGES",
}  # fmt: skip


@functools.lru_cache(maxsize=4_096)
def _date(date: datetime.date) -> str:
    return f"{date:%d/%m/%Y}"


def _wording(draft: Draft, reference: str, customer: Customer) -> Words:  # noqa: PLR0911 - one line a rail
    name, note = draft.payee.name.upper(), draft.note or f"REF {reference[-7:]}"
    incoming = draft.minor > 0
    match draft.payee.rail:
        case "card":
            return "CR" if incoming else "DEB", f"{name} {draft.note or customer.city.upper()} CD {reference[-4:]}"
        case "debit":
            return "DD", f"{name} {reference[-9:]}"
        case "order":
            return "SO", f"{name} {note}"
        case "instant" | "check":
            return "FPI" if incoming else "FPO", f"{name} {note}"
        case "transfer":
            if draft.payee.category.startswith("transfer"):
                return "TFR", f"{note} {reference[-4:]}"
            return "BGC" if incoming else "BP", f"{name} {note}"
        case "cash":
            return "CPT", f"{note} {customer.city.upper()} CD {reference[-4:]}"
        case "deposit":
            return "CSH", f"{note} {customer.city.upper()}"
        case "bank":
            return "INT" if "INTEREST" in note else "CHG", f"{note} {month_name(draft.day)}"


def _row(one: Transaction, _: Customer) -> tuple[str, ...]:
    size = decimal(abs(one.minor))
    out, into = (size, "") if one.minor < 0 else ("", size)
    return _date(one.date), one.kind, one.narration, out, into, decimal(one.balance)


BRITAIN = Country(
    code="GB", currency="GBP", price=92, pay=98, whole=False,
    overdraft=50, debit_rate=3_900, credit_rate=0, interest_months=tuple(range(1, 13)),
    pay_day=28, bonus_month=3, energy=(165, 155, 135, 105, 75, 55, 50, 50, 65, 95, 120, 130), holidays=(7, 8),
    threshold=10_000_00,  # in sterling, near the 10,000 euro of the Money Laundering Regulations 2017, regulation 14
    iban=False, bank="99-98-00 ", account_digits=8,
    cities=listed("Valebridge|Kingsmere|Oldmoor|Saltwick|Fernham|Ashby Vale"),
    given=listed("Oliver|Amelia|Harry|Isla|George|Freya|Arthur|Poppy|Samir|Nadia|Owen|Bronwen"),
    families=listed("Larchwick|Fernhollow|Tidemarsh|Quillbank|Ashdowner|Moorstead|Pennarth|Glenhaver|Saltersby"),
    shops=_SHOPS, words=_WORDS,
    rails={"": ("card",), "housing.rent": ("order",)},
    wording=_wording,
    export=Export(
        header=("Date", "Type", "Description", "Paid out (GBP)", "Paid in (GBP)", "Balance (GBP)"),
        row=_row, delimiter=",", encoding="utf-8", quoted=False, newest_first=False, profile={"date_order": "dmy"},
    ),
)  # fmt: skip
"""Rates and days are typical of 2025; sort codes that start with 99 are not assigned."""
