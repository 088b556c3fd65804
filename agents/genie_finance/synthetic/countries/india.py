"""India: UPI, NEFT and NACH narrations, two columns of amounts, day before month, two-digit years."""

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
    "food.groceries": listed("Sunbird Supermarket|Lotus Lane Kirana|Neem Tree Provision Store|Mango Grove Groceries"),
    "food.delivery": listed("Tiffin Comet Food Delivery|Dabba Express Food Delivery|Hungry Peacock Takeaway"),
    "food.restaurants": listed("Coral Leaf Restaurant|Seven Spoons Dhaba|Banyan Court Restaurant|Saffron Boat Biryani"),
    "food.cafes": listed("Monsoon Cup Cafe|Third Bell Tea|Blue Kettle Chai"),
    "transport.fuel": listed("Highway Star Petrol Pump|Green Mile Fuels|Twin Palms Petroleum"),
    "transport.public": listed("City Metro Card Topup|State Bus Pass"),
    "transport.ride": listed("Zipwheel Cabs|Rikshaloop Taxi"),
    "shopping.general": listed("Bazaar Basket Online Shopping|Everyday Bazaar|Rangoli General Store"),
    "shopping.clothing": listed("Indigo Thread Fashion|Peacock Weave Sarees|Urban Cotton Apparel"),
    "shopping.electronics": listed("Volt Corner Electronics|Pixel Bazaar Mobiles"),
    "shopping.home": listed("Teak And Tile Home Decor|Courtyard Furniture"),
    "shopping.personal": listed("Mirror Mirror Salon|Jasmine Beauty"),
    "health.pharmacy": listed("Arogya Corner Pharmacy|Tulsi Medical Store"),
    "entertainment.events": listed("Big Lantern Cinema|Showhouse Tickets"),
    "travel.flights": listed("Kestrel Airways|Monsoon Airlines"),
    "travel.lodging": listed("Palm Court Resort|Hill Lantern Hotel"),
    "entertainment.streaming": listed("Cinelume Streaming|Ragabox Streaming|Playpeacock Streaming"),
    "digital.software": listed("Cloudpetal Cloud Storage|Notekite Software"),
    "health.fitness": listed("Ironleaf Gym|Surya Yoga Studio"),
    "housing.rent": listed("Greenfield Homes|Silver Oak Residency|Lakeview Properties"),
    "housing.mortgage": listed("Hearthstone Home Loan"),
    "utilities.energy": listed("Zonal Electricity Supply"),
    "utilities.water": listed("Metro Water Board"),
    "utilities.telecom": listed("Tarangnet Broadband|Hellowave Postpaid"),
    "insurance.other": listed("Suraksha Leaf Insurance"),
    "debt.loan": listed("Marigold Loan EMI"),
    "education.fees": listed("Riverside School Fees"),
    "family.childcare": listed("Little Lotus Playschool"),
    "large": listed("Teakline Interiors|Brightroof Solar|Sahyasri Modular Kitchens|Starhall Wedding Tents"),
    "strange": listed("QZ Digital Top|Xenmart Overseas|Gamecoin Hub"),
    "employer": listed(
        "Nimbavale Software|Kaveri Gearworks|Blue Ridge Analytics|Sarovar Textiles|Orbit Lane Logistics"
    ),
    "client": listed("Paperboat Studio|Madhuban Exports|Skylark Media|Ashoka Lane Design"),
    "supplier": listed("Annadhara Wholesale|Metro Packing Works|Shakti Cold Storage"),
    "acquirer": listed("Paywheel Merchant Settlement"),
}
_WORDS = {
    "salary": "SALARY", "bonus": "DIWALI BONUS", "pension": "PENSION", "benefit": "PF WITHDRAWAL BENEFIT PAYMENT",
    "child": "SUKANYA BENEFIT", "grant": "SCHOLARSHIP", "parents": "FAMILY SUPPORT", "rent": "RENT",
    "deposit": "SECURITY DEPOSIT", "invoice": "INVOICE", "gig": "WEEKLY PAYOUT", "tax": "ADVANCE TAX CHALLAN",
    "tax_office": "Income Tax Department", "local_tax": "Property Tax Municipal Corporation",
    "business_tax": "GST Payment", "refund": "REFUND", "savings": "OWN SAVINGS", "topup": "FROM OWN SAVINGS",
    "fee": "SMS ALERT CHARGES", "returned": "ACH RETURN CHARGES", "debit_interest": "OD INTEREST CHARGED",
    "credit_interest": "CREDIT INTEREST CAPITALISED", "cash": "ATM WITHDRAWAL", "paid_in": "CASH DEPOSIT BY SELF",
    "opening": "ACCOUNT OPENING DEPOSIT", "settlement": "ENERGY BILL SETTLEMENT", "festival": "DIWALI",
    "mover": "Safehands Packers", "benefit_office": "Provident Fund Office", "pension_office": "State Pension Office",
    "urgent": "KYC UPDATE", "friend": "FOR DINNER", "wage": "STAFF WAGES",
}  # fmt: skip
_BANKS = ("QXVB", "ZKLB", "XTRB")
"""Invented: no bank has this code."""


def _wording(draft: Draft, reference: str, customer: Customer) -> Words:  # noqa: PLR0911 - one line a rail
    name, note = draft.payee.name.upper(), (draft.note or "PAYMENT").upper()
    bank = _BANKS[len(name) % 3]
    card = f"999999XXXXXX{1000 + customer.number * 7 % 9000}"
    incoming = draft.minor > 0
    match draft.payee.rail:
        case "instant":
            handle = f"{name.replace(' ', '.').lower()[:18].rstrip('.')}@{bank.lower()}"
            return "", f"UPI-{name}-{handle}-{bank}0001234-{reference}-{note}"
        case "card":
            return "", f"{'POS REFUND' if incoming else 'POS'} {card} {name} {customer.city.upper()}"
        case "transfer" if draft.payee.category.startswith("transfer"):
            return "", f"IMPS-{reference}-{note} A/C-{bank}-XXXX{reference[-4:]}-SELF TRANSFER"
        case "transfer" | "order":
            return "", f"NEFT {'CR' if incoming else 'DR'}-{bank}0001234-{name}-{note}-{reference}"
        case "debit":
            return "", f"ACH D- {name}-{reference}"
        case "cash":
            return "", f"NWD-{card}-{note}-{customer.city.upper()}"
        case "deposit":
            return "", f"{note}-{customer.city.upper()}"
        case "check":
            return "", f"CHQ PAID-{name}-{reference[-6:]}"
        case "bank":
            return "", f"{note} {month_name(draft.day)}"


@functools.lru_cache(maxsize=4_096)
def _date(date: datetime.date) -> str:
    return f"{date:%d/%m/%y}"


def _row(one: Transaction, _: Customer) -> tuple[str, ...]:
    date, size = _date(one.date), decimal(abs(one.minor))
    out, into = (size, "") if one.minor < 0 else ("", size)
    return date, one.narration, one.reference, date, out, into, decimal(one.balance)


INDIA = Country(
    code="IN", currency="INR", price=2_400, pay=2_500, whole=True,
    overdraft=0, debit_rate=0, credit_rate=275, interest_months=(3, 6, 9, 12),
    pay_day=1, bonus_month=10, energy=(80, 75, 85, 105, 130, 140, 125, 110, 100, 95, 80, 75), holidays=(5, 12),
    threshold=50_000_00,  # PAN from 50,000 in cash: Income-tax Rules 1962, rule 114B
    iban=False, bank="XX", account_digits=4,
    cities=listed("Bengaluru|Pune|Chennai|Hyderabad|Jaipur|Kochi|Indore|Nagpur"),
    given=listed("Aarav|Diya|Ishaan|Kavya|Meera|Nikhil|Priya|Rohan|Sanya|Tara|Varun|Zoya"),
    families=listed("Velakri|Sundamath|Ranolkar|Thirvane|Jesvani|Kolmukh|Nardhal|Pavitkar|Solengi|Mahurvel"),
    shops=_SHOPS, words=_WORDS,
    rails={"": ("instant", "instant", "instant", "card"), "transport.fuel": ("card", "instant"),
           "travel.flights": ("card",), "housing.rent": ("transfer",)},
    wording=_wording,
    export=Export(
        header=("Date", "Narration", "Chq./Ref.No.", "Value Dt", "Withdrawal Amt. (INR)", "Deposit Amt. (INR)",
                "Closing Balance (INR)"),
        row=_row, delimiter=",", encoding="utf-8", quoted=False, newest_first=False,
        profile={"date_order": "dmy"},
    ),
)  # fmt: skip
"""Rates and days are typical of 2025."""
