import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.domain import narrations
from genie_finance.domain.narrations import Rail, fold, is_tail, read, readable, says_refund, tidy, without_place, words

# Narration, rail, payee. Those of real exports are from the statements under test data of the project.
NARRATIONS = [
    ("UPI/412345678901/DR/SWIGGY/HDFC/swiggy@axisbank/Payment", Rail.UPI, "SWIGGY"),
    ("UPI-RAMESH KUMAR-9876543210@YBL-SBIN0001234-412345678901-PAYMENT FROM PHONE", Rail.UPI, "RAMESH KUMAR"),
    ("UPI/P2A/412345678901/RAMESH KUMAR/SBIN/9876543210@ybl/rent", Rail.UPI, "RAMESH KUMAR"),
    ("NEFT CR-HDFC0000001-ACME CORP PVT LTD-JOHN DOE-N123456789012345", Rail.NEFT, "ACME"),
    ("NEFT DR-ICIC0000104-SUNITA SHARMA-NETBANK, MUM-N1234", Rail.NEFT, "SUNITA SHARMA"),
    ("IMPS-512312345678-RAHUL VERMA-HDFC-XXXXXXXX1234-RENT JUNE", Rail.IMPS, "RAHUL VERMA"),
    ("NEFT DR-ICICGLEN-GREENLEAF PROPERTIES-RENT NOV 2025", Rail.NEFT, "GREENLEAF PROPERTIES"),
    ("IMPS-SELF TRANSFER-OWN SAVINGS A/C XX7730", Rail.IMPS, ""),
    ("ACH D- INDIAN CLEARING CORP-SIP MUTUAL FUND", Rail.ACH, "INDIAN CLEARING"),
    ("INTEREST PAID FOR THE QUARTER", None, ""),
    ("RTGS-UTIBH12345678-BLUE DART EXPRESS LTD", Rail.RTGS, "BLUE DART EXPRESS"),
    ("ACH D- HDFC LIFE INSURANCE-0001234", Rail.ACH, "HDFC LIFE INSURANCE"),
    ("NACH-DR-BAJAJ FINANCE LTD-LN1234567", Rail.ACH, "BAJAJ FINANCE"),
    ("Some Company vendorpymt                 PPD ID: 59728JSL20", Rail.ACH, "Some Company"),
    ("POS 416021XXXXXX1234 BIG BAZAAR MUMBAI", Rail.CARD, "BIG BAZAAR MUMBAI"),
    ("VISA PURCHASE TESCO STORES 3456 LONDON GB", Rail.CARD, "TESCO STORES"),
    ("DEBIT CARD PURCHASE STARBUCKS STORE 12345 SEATTLE WA", Rail.CARD, "STARBUCKS STORE"),
    ("SQ *BLUE BOTTLE COFFEE", Rail.CARD, "BLUE BOTTLE COFFEE"),
    ("VISA PAYPAL *STEAM GAMES 4029357733", Rail.CARD, "STEAM GAMES"),
    ("CB *MONOPRIX 1234 LYON", Rail.CARD, "MONOPRIX"),
    ("Dankort-nota Ziggy Cafe     19471", Rail.CARD, "Ziggy Cafe"),
    ("Visa kob DKK     995,00            WWW.ASOS.COM   00000               ", Rail.CARD, "WWW.ASOS.COM"),
    ("BEA, Betaalpas Albert Heijn 1234,PAS123 NR:ABC123 12.06.25/18.22 UTRECHT", Rail.CARD, "Albert Heijn"),
    ("Kartenzahlung REWE SAGT DANKE 1234//BERLIN/DE 2025-06-01T18:22", Rail.CARD, "REWE SAGT DANKE"),
    (
        "Bezahlung Bankomat                           MC/000002458 0001  K1 06.01.UM 18.11 Bahn 8020 FSA\\\\Ort\\10 10",
        Rail.CARD,
        "Bahn",
    ),
    ("Compra com Cartão - 01/11 09:45 XXXXXXXXXXX", Rail.CARD, ""),
    ("SEPA Lastschrift Vodafone GmbH EREF+1234567 MREF+V123 CRED+DE12ZZZ SVWZ+Rechnung", Rail.SEPA, "Vodafone"),
    ("SEPA Incasso algemeen doorlopend Naam: Ziggo B.V. Omschrijving: Factuur 123456", Rail.SEPA, "Ziggo"),
    (
        "/TRTP/SEPA OVERBOEKING/IBAN/NL12RABO0123456789/BIC/RABONL2U/NAME/Albert Heijn 1234/REMI/123",
        Rail.SEPA,
        "Albert Heijn",
    ),
    ("SEPA Direct Debit OCTOPUS ENERGY 12345678", Rail.SEPA, "OCTOPUS ENERGY"),
    ("From1 Incasso SEPA Incasso, Opm1", Rail.SEPA, "From1"),
    ("VIR RECU 508160 VIR RECU 1234567834S DE: Francois REF: 123457891234567894561231", Rail.SEPA, "Francois"),
    (
        "Gutschrift Dauerauftrag       BG/000002459 BICBICBI AT787000000007878787 Muster Dr.Beispiel-Vorname",
        Rail.STANDING_ORDER,
        "Muster Dr.Beispiel-Vorname",
    ),
    ("Standing order to J SMITH RENT", Rail.STANDING_ORDER, "J SMITH"),
    ("Direct Debit COUNCIL TAX CAMDEN", Rail.DIRECT_DEBIT, "COUNCIL TAX CAMDEN"),
    ("Faster Payment from MARIA GARCIA", Rail.TRANSFER, "MARIA GARCIA"),
    ("TRANSFER TO SAVINGS ACCOUNT XXXX1234", Rail.TRANSFER, ""),
    ("Transferência on line - 01/11 4885     256620-6 XXXXXXXXXXXXX", Rail.TRANSFER, ""),
    ("[CW] TF 0004#3409-797", Rail.TRANSFER, ""),
    ("ATM-CASH/512345678/MUMBAI/120625", Rail.CASH, ""),
    ("ATM Withdrawal 2 ATM Withdrawal 4", Rail.CASH, ""),
    ("Saque com cartão - 01/11 13:17 XXXXXXXXXXXXXXXX", Rail.CASH, ""),
    ("CHQ PAID-MICR INWARD CLEARING-LIC OF INDIA", Rail.CHECK, "LIC OF INDIA"),
    ("Check - 0000000122", Rail.CHECK, ""),
    ("CHECK 2656", Rail.CHECK, ""),
    ("SALARY ACME LTD JUNE 2025", None, "ACME"),
    ("COTISATION JAZZ COTISATION JAZZ ", None, "COTISATION JAZZ"),
    ("WEBSITE-BALANCE-17DEC09 12        12/17WEBSITE-BAL", None, "WEBSITE BALANCE"),
    ("Bank of America", None, "Bank of America"),
    ("", None, ""),
    ("   ", None, ""),
    ("123456789", None, ""),
]


@pytest.mark.parametrize(("narration", "rail", "payee"), NARRATIONS)
def test_a_narration_gives_its_rail_and_payee(narration, rail, payee):
    found = read(narration)
    assert (found.rail, found.payee) == (rail, payee)


def test_a_payment_address_is_kept_unless_it_is_a_phone_number():
    assert read("UPI-SWIGGY-SWIGGY.STORES@AXB-UTIB0000553-512345678901-UPI").handle == "SWIGGY.STORES"
    assert read("UPI-RAMESH KUMAR-9876543210@YBL-SBIN0001234-412345678901").handle == ""


def test_the_wording_keeps_what_may_be_part_of_a_brand():
    assert read("VISA PURCHASE CASH APP 123456").wording == "CASH APP"
    assert read("UPI-TRADING 212 LTD-x@ybl-123456789012").wording == "TRADING 212 LTD"
    assert read("CHECK 2656").wording == ""


def test_the_reference_of_a_check_is_never_its_payee():
    assert read("CHEQUE 000123 PAID").payee == ""


@given(st.text(max_size=2000))
def test_any_text_is_read_within_bounds(narration):
    found = read(narration)
    assert len(found.payee) <= narrations.LONGEST_NAME
    assert found.payee == found.payee.strip()


@given(st.text(alphabet="UPI/-@*: 0A", max_size=400))
def test_text_made_of_separators_is_read_within_bounds(narration):
    assert len(read(narration).payee) <= narrations.LONGEST_NAME


@given(st.from_regex(r"[0-9]{1,30}( [0-9]{1,12}){0,5}", fullmatch=True))
def test_digits_alone_name_nobody(narration):
    assert read(narration).payee == ""


def test_what_lies_beyond_the_bound_is_not_read():
    assert read("A" * 10 + " " * narrations.LONGEST + "ATM") == read("A" * 10)


def test_tidy_takes_out_masks_and_control_characters():
    assert tidy("[pii.phone] Tesco\x00\u200b  [masked]") == "Tesco"
    assert tidy("[PR]COSTCO WHOLESAL") == "COSTCO WHOLESAL"


def test_words_are_folded_and_whole():
    assert words("KØB hos Müller & Søn, H&M!") == ("kob", "hos", "muller", "son", "h&m")
    assert fold("McDonald's Straße") == "mcdonalds strasse"


def test_a_town_is_cut_off_but_not_when_the_name_needs_it():
    assert without_place("TESCO STORES LONDON GB") == "TESCO STORES"
    assert without_place("BLUE BOTTLE COFFEE San Francisco CA") == "BLUE BOTTLE COFFEE"
    assert without_place("BANK OF LONDON") == "BANK OF LONDON"
    assert without_place("LONDON") == "LONDON"


@pytest.mark.parametrize(
    ("payee", "expected"),
    [
        ("ZIGGY CAFE", "Ziggy Cafe"),
        ("Ziggy CAFE", "Ziggy CAFE"),
        ("HDFC LIFE", "HDFC Life"),
        ("B.J. TRADING", "B.J. Trading"),
        ("h&m", "H&M"),
        ("WWW.ASOS.COM", "asos.com"),
    ],
)
def test_capitals_are_made_readable(payee, expected):
    assert readable(payee) == expected


def test_refunds_are_told_by_whole_words():
    assert says_refund("AMAZON REFUND 123")
    assert says_refund("Rückzahlung Miete")
    assert not says_refund("Refundable Deposits Ltd")


def test_tails_are_towns_forms_and_numbers():
    assert is_tail("london")
    assert is_tail("gmbh")
    assert is_tail("1234")
    assert not is_tail("beach")
