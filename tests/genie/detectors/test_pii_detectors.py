"""Personal data in strings: what is found, what looks like it and is not, and the laws behind the tables."""
# ruff: noqa: RUF001 - lookalikes are test data

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from stdnum import luhn, verhoeff
from stdnum.iso7064 import mod_97_10

from genie.contracts.classification import Classification
from genie.detectors.pii.digit_runs import holds_date
from genie.detectors.pii.inspector import DETECTORS, PiiInspector
from genie.errors import PolicyError
from genie.policies.pii import Pii, PiiSettings

INSPECTOR = PiiInspector({detector.kind: Classification.RESTRICTED for detector in DETECTORS})


def found(text: str) -> list[tuple[str, str]]:
    return [(span.kind.removeprefix("pii."), text[span.start : span.end]) for span in INSPECTOR.examine(text)]


# text | kind | what is found in it
POSITIVES = """
4111111111111111                                        | card    | 4111111111111111
4012888888881881                                        | card    | 4012888888881881
4222222222222                                           | card    | 4222222222222
5555555555554444                                        | card    | 5555555555554444
5105105105105100                                        | card    | 5105105105105100
2223003122003222                                        | card    | 2223003122003222
378282246310005                                         | card    | 378282246310005
3714 496353 98431                                       | card    | 3714 496353 98431
3056 930902 5904                                        | card    | 3056 930902 5904
38520000023237                                          | card    | 38520000023237
6011111111111117                                        | card    | 6011111111111117
3530111333300000                                        | card    | 3530111333300000
6200000000000005                                        | card    | 6200000000000005
6759649826438453                                        | card    | 6759649826438453
card 4111 1111 1111 1111 exp 12/26                      | card    | 4111 1111 1111 1111
card 4111-1111-1111-1111, cvv 123                       | card    | 4111-1111-1111-1111
card:4111.1111.1111.1111                                | card    | 4111.1111.1111.1111
4111 - 1111 - 1111 - 1111                               | card    | 4111 - 1111 - 1111 - 1111
4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1                         | card    | 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
41111111 11111111                                       | card    | 41111111 11111111
pin 12 4111 1111 1111 1111 1225                         | card    | 4111 1111 1111 1111
(4242424242424242)                                      | card    | 4242424242424242
card_4242424242424242                                   | card    | 4242424242424242
card4242424242424242                                    | card    | 4242424242424242
pan=4000056655665556;                                   | card    | 4000056655665556
CARD PAYMENT 5555 5555 5555 4444 AMAZON                 | card    | 5555 5555 5555 4444
４１１１１１１１１１１１１１１１                        | card    | ４１１１１１１１１１１１１１１１
٤١١١ ١١١١ ١١١١ ١١١١                                     | card    | ٤١١١ ١١١١ ١١١١ ١١١١
4111–1111–1111–1111                                     | card    | 4111–1111–1111–1111
DE89370400440532013000                                  | iban    | DE89370400440532013000
DE89 3704 0044 0532 0130 00                             | iban    | DE89 3704 0044 0532 0130 00
IBAN: GB29 NWBK 6016 1331 9268 19                       | iban    | GB29 NWBK 6016 1331 9268 19
FR14 2004 1010 0505 0001 3M02 606                       | iban    | FR14 2004 1010 0505 0001 3M02 606
SEPA Incasso NL91 ABNA 0417 1643 00 Jansen              | iban    | NL91 ABNA 0417 1643 00
ES9121000418450200051332                                | iban    | ES9121000418450200051332
IT60X0542811101000000123456                             | iban    | IT60X0542811101000000123456
to CH93 0076 2011 6238 5295 7 today                     | iban    | CH93 0076 2011 6238 5295 7
AT611904300234573201                                    | iban    | AT611904300234573201
BE68-5390-0754-7034                                     | iban    | BE68-5390-0754-7034
NO9386011117947                                         | iban    | NO9386011117947
dk5000400440116243                                      | iban    | dk5000400440116243
PL61109010140000071219812874                            | iban    | PL61109010140000071219812874
IBANDE89370400440532013000                              | iban    | DE89370400440532013000
from/AE070331234567890123456/ref                        | iban    | AE070331234567890123456
SE45 5000 0000 0583 9825 7466                           | iban    | SE45 5000 0000 0583 9825 7466
ACUPA7085R                                              | pan     | ACUPA7085R
PAN AAPPV8261K of the assessee                          | pan     | AAPPV8261K
pan: acupa7085r                                         | pan     | acupa7085r
PAN no. ACUPA 7085 R                                    | pan     | ACUPA 7085 R
holder acupa7085r, Pune                                 | pan     | acupa7085r
ACUPA/7085/R                                            | pan     | ACUPA/7085/R
TDS/ACUPA7085R/Q3                                       | pan     | ACUPA7085R
2341 2341 2346                                          | aadhaar | 2341 2341 2346
2341-2341-2346                                          | aadhaar | 2341-2341-2346
Aadhaar 234123412346                                    | aadhaar | 234123412346
my aadhar number is 2341 2341 2346.                     | aadhaar | 2341 2341 2346
UID:234123412346                                        | aadhaar | 234123412346
aadhaar 23 4123 4123 46                                 | aadhaar | 23 4123 4123 46
1. 2341 2341 2346                                       | aadhaar | 2341 2341 2346
आधार संख्या 234123412346                                | aadhaar | 234123412346
२३४१ २३४१ २३४६                                          | aadhaar | २३४१ २३४१ २३४६
27AAPFU0939F1ZV                                         | gstin   | 27AAPFU0939F1ZV
GSTIN 27aapfu0939f1zv                                   | gstin   | 27aapfu0939f1zv
Invoice 12 of 27AAPFU0939F1ZV, Mumbai                   | gstin   | 27AAPFU0939F1ZV
jane.doe@example.com                                    | email   | jane.doe@example.com
Write to <jane+bank@mail.example.co.uk>.                | email   | jane+bank@mail.example.co.uk
mailto:j_d-1@sub-domain.example.org?subject=x           | email   | j_d-1@sub-domain.example.org
o'brien@example.ie                                      | email   | o'brien@example.ie
UPPER@EXAMPLE.COM                                       | email   | UPPER@EXAMPLE.COM
jane＠example.com                                       | email   | jane＠example.com
ja\u200bne@example.com                                  | email   | ja\u200bne@example.com
swiggy@icici                                            | upi     | swiggy@icici
UPI-SWIGGY-swiggy@icici-234123412346-food               | upi     | swiggy@icici
UPI-ANN SHAH-ann-2@OKAXIS-412345678901                  | upi     | ann-2@OKAXIS
mary-ann@okaxis                                         | upi     | mary-ann@okaxis
ann @ okaxis                                            | upi     | ann @ okaxis
swiggy@icici.example.com                                | email   | swiggy@icici.example.com
jane.doe @ example.com                                  | email   | jane.doe @ example.com
jane (at) example (dot) com                             | email   | jane (at) example (dot) com
jane.doe[at]example[.]com                               | email   | jane.doe[at]example[.]com
write to jane.doe at mail dot example dot com today     | email   | jane.doe at mail dot example dot com
SSN 123-45-6789                                         | ssn     | 123-45-6789
ssn:123456789                                           | ssn     | 123456789
AB123456C                                               | nino    | AB123456C
AB 12 34 56 C                                           | nino    | AB 12 34 56 C
national insurance no ab123456c                         | nino    | ab123456c
Passport No: K1234567                                   | passport | K1234567
passport number is 512345678                            | passport | 512345678
L898902C36UTO7408122F1204159ZE184226B<<<<<10            | passport | L898902C36UTO7408122F1204159ZE184226B<<<<<10
DE89 3704 0044\u00a00532 0130 00                        | iban    | DE89 3704 0044\u00a00532 0130 00
27 AAPFU0939F 1ZV                                       | gstin   | 27 AAPFU0939F 1ZV
AAPPV 8261 K                                            | pan     | AAPPV 8261 K
+91 98765 43210                                         | phone   | +91 98765 43210
+919876543210                                           | phone   | +919876543210
+91-22-2345-6789                                        | phone   | +91-22-2345-6789
98765 43210                                             | phone   | 98765 43210
mobile 9876543210                                       | phone   | 9876543210
Ph: 9876543210                                          | phone   | 9876543210
WhatsApp no. 98765-43210                                | phone   | 98765-43210
022-23456789                                            | phone   | 022-23456789
+1 (415) 555-2671                                       | phone   | +1 (415) 555-2671
(415) 555-2671                                          | phone   | (415) 555-2671
phone: (202) 555-0173                                   | phone   | (202) 555-0173
0044 20 7946 0958                                       | phone   | 0044 20 7946 0958
my number is 9876543210                                 | phone   | 9876543210
415-555-2671                                            | phone   | 415-555-2671
1-800-555-0199                                          | phone   | 1-800-555-0199
415.555.2671                                            | phone   | 415.555.2671
Tel 415 555 2671                                        | phone   | 415 555 2671
02/01/2024 415-555-2671                                 | phone   | 415-555-2671
+44 20 7946 0958                                        | phone   | +44 20 7946 0958
020 7946 0958                                           | phone   | 020 7946 0958
07911 123456                                            | phone   | 07911 123456
0800 123 4567                                           | phone   | 0800 123 4567
+49 (0)30 1234567                                       | phone   | +49 (0)30 1234567
030/1234567                                             | phone   | 030/1234567
0151-23456789                                           | phone   | 0151-23456789
+33 6 12 34 56 78                                       | phone   | +33 6 12 34 56 78
06 12 34 56 78                                          | phone   | 06 12 34 56 78
+34 612 34 56 78                                        | phone   | +34 612 34 56 78
+31612345678 is hers                                    | phone   | +31612345678
+65 6123 4567                                           | phone   | +65 6123 4567
call me on 612345678                                    | phone   | 612345678
Telefon: 030 1234567                                    | phone   | 030 1234567
"""

NEGATIVES = """
550e8400-e29b-41d4-a716-446655440000
41111111-1111-1111-4111-111111111111
d41d8cd98f00b204e9800998ecf8427e
da39a3ee5e6b4b0d3255bfef95601890afd80709
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
f4111111111111111a
amount_minor 411111111111
INR 12345678901234
12,34,56,789.00
1.234.567,89 EUR
+1,234,567.89
+123456789.10
+327.49
+120,00
-36.65
z-score 3.4532015112830366
0.4532015112830366
0.4111111111111111
2024-01-15T10:30:00+05:30
2024-01-15T10:30:00.123456Z
20240115T103000+0530
20091224120000[0:GMT]
1700000000
1700000000000
1705314600123456
Order OD412345678901234567
Order id 403-1234567-1234567
ORD-2024-0012345
UPI/412345678901/
UPI/234123412346/Payment
IMPS/P2A/234123412346/RAVI
RRN 234123412346
NEFT Cr-HDFC0001234-ACME
NEFT HDFCN52024011512345678
RTGS UTR SBINR52024011500012345
HDFC0001234
SBIN0000456
01/01/2024-31/03/2024
2024-01-01 2024-03-31
01.01.2024 - 31.03.2024
30-05-2024 101530
2023-2024 2025
2022 2023 2024
1990-1995-2000
v4.11.1111
10.0.19045.3803
192.168.100.200
2001:db8:85a3::8a2e:370:7334
9876543210
4155552671
4111111111111112
4111 1111 1111 1112
9111111111111111
1234567890123456
0000 0000 0000 0000
41111111111111111111111
DE89370400440532013001
DE00 0000 0000 0000 0000 00
XX89370400440532013000
GB29 NWBK 6016 1331 9268
ACUXP7085R
ACUPA0000R
ACUPA70851
XACUPA7085R
AcUpA7085r
TOTAL 1234 A
2341 2341 2347
1234 1234 1234
0341 2341 2346
234123412346
Aadhaar 234123412347
aadhaar card copy, 2 pages
27AAPFU0939F1ZO
00AAPFU0939F1ZV
swiggy@notabank
user@localhost
logo@2x.png
node@18.2.1
a@b.c
@example.com
follow @acme
x += y@z
CHECK 2656
MRN-123-45-6789-X
0041287430274
HOST 037196321563 MO 12/22SLICEHOST
GITHUB 041287430274 CA 12/22GITHUB 04
654321098765 BG/000002462
333222111333222             222111333222
POLIZZE 1/01/0101010
Check - 0000000122,122,-$76.00
Dep COMPE - 033 0502    27588602104
TF 0004#3409-797
PA    0005191230116379851
DE: Francois REF: 123457891234567894561231
sort code 20-45-77
contact on 2024-01-15
call option strike 23500
ISBN 978-3-16-148410-0
page 12 of 345
1 2 3 4 5 6 7 8
12345 67890 12345 67890
+91 rupees
C++ 2024
"""


def _rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


@pytest.mark.parametrize(("text", "kind", "part"), _rows(POSITIVES))
def test_personal_data_is_found_with_its_span(text: str, kind: str, part: str) -> None:
    assert found(text) == [(kind, part)]


@pytest.mark.parametrize("text", NEGATIVES.strip().splitlines())
def test_what_only_looks_like_personal_data_is_not_found(text: str) -> None:
    assert found(text) == []


def test_several_kinds_in_one_string_are_found_in_order() -> None:
    text = "4111 1111 1111 1111, jane@example.com, +91 98765 43210 and 5555555555554444"

    assert [kind for kind, _ in found(text)] == ["card", "email", "phone", "card"]


def test_a_kind_that_is_not_asked_for_is_not_looked_for() -> None:
    only_email = PiiInspector({"email": Classification.CONFIDENTIAL})

    spans = only_email.examine("4111111111111111 jane@example.com")

    assert [(span.kind, span.label) for span in spans] == [("pii.email", Classification.CONFIDENTIAL)]
    assert PiiInspector({}).examine("4111111111111111") == ()


def test_a_lone_surrogate_does_not_stop_the_inspector() -> None:
    assert found("\ud800 4111111111111111") == [("card", "4111111111111111")]


ISSUERS = st.sampled_from(
    [("4", 13), ("4", 16), ("4", 19), ("51", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15), ("36", 14),
     ("6011", 16), ("65", 16), ("3528", 16), ("62", 17), ("5018", 18)]
)  # fmt: skip


@st.composite
def cards(draw: st.DrawFn) -> str:
    prefix, length = draw(ISSUERS)
    body = prefix + draw(st.text("0123456789", min_size=length - len(prefix) - 1, max_size=length - len(prefix) - 1))
    return body + luhn.calc_check_digit(body)


def separated(draw: st.DrawFn, digits: str) -> str:
    gaps = draw(st.lists(st.sampled_from(["", "", " ", "-"]), min_size=len(digits), max_size=len(digits)))
    return "".join(digit + gap for digit, gap in zip(digits, gaps, strict=True)).rstrip(" -")


@given(cards(), st.data())
def test_a_valid_card_is_found_whole_however_its_digits_are_separated(card: str, data: st.DataObject) -> None:
    shown = data.draw(st.composite(separated)(card))

    if not holds_date(shown):  # a date in digits is taken for one
        assert ("card", shown) in found(f"paid with {shown} today")


@given(cards(), st.integers(min_value=0, max_value=18), st.integers(min_value=1, max_value=9))
def test_a_card_with_one_wrong_digit_is_not_found(card: str, position: int, step: int) -> None:
    at = position % len(card)
    wrong = card[:at] + str((int(card[at]) + step) % 10) + card[at + 1 :]

    assert [kind for kind, _ in found(f"paid with {wrong} today") if kind == "card"] == []


@given(st.text("0123456789", min_size=18, max_size=18), st.sampled_from([4, 40]), st.integers(1, 9))
def test_an_iban_is_found_only_with_its_check_digits(account: str, group: int, step: int) -> None:
    check = mod_97_10.calc_check_digits(account + "DE")
    number = f"DE{check}{account}"
    wrong = number[:-1] + str((int(number[-1]) + step) % 10)

    def shown(text: str) -> str:
        return " ".join(text[at : at + group] for at in range(0, len(text), group))

    assert ("iban", shown(number)) in found(f"to {shown(number)} please")
    assert "iban" not in [kind for kind, _ in found(f"to {shown(wrong)} please")]


@given(st.text("0123456789", min_size=10, max_size=10), st.sampled_from("23456789"), st.sampled_from([" ", "-"]))
def test_an_aadhaar_number_is_found_in_fours_or_after_its_name(body: str, first: str, gap: str) -> None:
    digits = first + body + verhoeff.calc_check_digit(first + body)
    fours = gap.join((digits[:4], digits[4:8], digits[8:]))
    palindrome = digits == digits[::-1]
    years = all(part[:2] in {"19", "20"} for part in (digits[:4], digits[4:8], digits[8:]))

    if not palindrome and not years:
        assert ("aadhaar", fours) in found(f"holder {fours} verified")
        assert found(f"Aadhaar {digits}") == [("aadhaar", digits)]
    assert "aadhaar" not in [kind for kind, _ in found(f"UPI/{digits}/rent")]


# --- regions ---


def phones(text: str, *regions: str) -> list[str]:
    inspector = PiiInspector({"phone": Classification.CONFIDENTIAL}, regions=regions or ("IN",))
    return [text[span.start : span.end] for span in inspector.examine(text)]


def test_national_numbers_are_those_of_the_regions_asked_for() -> None:
    assert phones("020 7946 0958", "GB") == ["020 7946 0958"]
    assert phones("020 7946 0958", "IN") == []
    assert phones("6123 4567", "SG") == ["6123 4567"]
    assert phones("6123 4567", "US") == []


def test_a_calling_code_is_found_from_every_region() -> None:
    assert phones("+65 6123 4567", "GB") == ["+65 6123 4567"]


def test_a_number_that_no_plan_has_is_none() -> None:
    assert phones("+91 01234 56789") == []
    assert phones("contact 0000000000") == []


def test_the_numbering_plans_are_loaded_with_the_first_candidate() -> None:
    code = (
        "import sys; from genie.policies.pii import Pii; look = Pii().inspectors[0].examine; look('plain 4111');"
        "print('phonenumbers' in sys.modules); look('+91 98765 43210'); print('phonenumbers' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.split() == ["False", "True"]


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(PolicyError, match="ZZ"):
        Pii(PiiSettings(regions=("IN", "ZZ")))
    with pytest.raises(ValidationError):
        PiiSettings(regions=("india",))


def test_pii_without_its_libraries_is_refused_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(PolicyError, match=r"genie-bus\[governance\]"):
        Pii()
