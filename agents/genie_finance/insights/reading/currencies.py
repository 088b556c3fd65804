"""Currency codes and signs as bank exports write them."""

from __future__ import annotations

import re

CODES = frozenset((
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLF", "CLP",
    "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD",
    "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR",
    "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD",
    "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP",
    "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB",
    "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG",
    "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND",
    "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VES", "VND", "VUV", "WST", "XAF",
    "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
))  # fmt: skip
"""Codes of ISO 4217, list one (2024), with HRK for older exports; funds, metals and test codes left out."""

_CERTAIN = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₩": "KRW", "₫": "VND", "₦": "NGN", "฿": "THB", "₪": "ILS",
    "₱": "PHP", "₴": "UAH", "₺": "TRY", "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD",
    "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "R$": "BRL", "MX$": "MXN", "ZŁ": "PLN", "KČ": "CZK", "SFR": "CHF",
    "EURO": "EUR", "EUROS": "EUR", "EUROA": "EUR", "NT$": "TWD", "元": "CNY", "円": "JPY", "원": "KRW", "TL": "TRY",
    "₸": "KZT", "₾": "GEL", "₼": "AZN", "֏": "AMD", "₡": "CRC", "₲": "PYG", "₮": "MNT", "৳": "BDT", "₭": "LAK",
    "₵": "GHS", "GH₵": "GHS", "S/": "PEN", "KSH": "KES", "U$S": "USD", "J$": "JMD", "TT$": "TTD", "RD$": "DOP",
    "N$": "NAD", "NTD": "TWD", "RMB": "CNY", "人民币": "CNY", "人民币元": "CNY",
    "人民幣": "CNY", "美元": "USD", "欧元": "EUR",
    "歐元": "EUR", "港币": "HKD", "港幣": "HKD", "日元": "JPY", "日圓": "JPY", "日本円": "JPY",
    "米ドル": "USD", "ユーロ": "EUR", "台幣": "TWD", "新台幣": "TWD", "新臺幣": "TWD", "원화": "KRW", "달러": "USD",
    "ЛВ": "BGN", "ДЕН": "MKD", "DIN": "RSD",
    "CN¥": "CNY", "บาท": "THB", "Đ": "VND", "VNĐ": "VND", "TK": "BDT", "KD": "KWD", "BD": "BHD", "LE": "EGP",
    "NIS": "ILS", 'ש"ח': "ILS", "ש״ח": "ILS", "TSH": "TZS", "USH": "UGX", "Р": "RUB", "AR$": "ARS", "$U": "UYU",
    "COL$": "COP",
    "GS": "PYG", "B/": "PAB", "臺幣": "TWD", "ر.س": "SAR", "د.إ": "AED", "ج.م": "EGP", "د.ك": "KWD", "د.ب": "BHD",
    "ر.ع": "OMR", "ر.ق": "QAR", "د.م": "MAD", "د.ت": "TND", "د.أ": "JOD", "Q": "GTQ", "SR": "SAR",
    "KM": "BAM", "DA": "DZD", "RUR": "RUB", "RF": "RWF",
    "РУБЛЯХ": "RUB", "РУБЛЕЙ": "RUB", "РУБЛИ": "RUB", "ГРИВНЯХ": "UAH", "ТЕНГЕ": "KZT",
    "MT": "MZN", "KZ": "AOA",
    "LEI": "RON", "FT": "HUF", "RM": "MYR", "RP": "IDR",
    "BAHT": "THB", "ГРН": "UAH", "РУБ": "RUB", "KČS": "CZK",
}  # fmt: skip

_NAMES = {
    "us dollar": "USD", "us dollars": "USD", "u.s. dollar": "USD", "dollar us": "USD", "dólares": "USD", "euro": "EUR",
    "euros": "EUR", "pound sterling": "GBP", "pounds sterling": "GBP", "british pound": "GBP", "türk lirası": "TRY",
    "turkish lira": "TRY", "swiss franc": "CHF", "schweizer franken": "CHF", "franc suisse": "CHF", "reais": "BRL",
    "real": "BRL", "soles": "PEN", "sol": "PEN", "nuevos soles": "PEN", "pesos mexicanos": "MXN", "mexican peso": "MXN",
    "pesos colombianos": "COP", "pesos argentinos": "ARS", "pesos chilenos": "CLP", "japanese yen": "JPY", "yen": "JPY",
    "pak rupee": "PKR", "pakistani rupee": "PKR", "sri lankan rupee": "LKR", "nepalese rupee": "NPR",
    "indian rupee": "INR", "indian rupees": "INR", "rupiah": "IDR", "baht": "THB", "thai baht": "THB", "ringgit": "MYR",
    "malaysian ringgit": "MYR", "singapore dollar": "SGD", "hong kong dollar": "HKD", "australian dollar": "AUD",
    "canadian dollar": "CAD", "new zealand dollar": "NZD", "złoty": "PLN", "złoty polski": "PLN", "forint": "HUF",
    "koruna česká": "CZK", "česká koruna": "CZK", "svenska kronor": "SEK", "norske kroner": "NOK",
    "danske kroner": "DKK", "naira": "NGN", "kenya shilling": "KES", "kenyan shilling": "KES", "uae dirham": "AED",
    "saudi riyal": "SAR", "egyptian pound": "EGP", "việt nam đồng": "VND", "đồng": "VND", "philippine peso": "PHP",
    "south african rand": "ZAR", "rand": "ZAR", "гривня": "UAH", "российский рубль": "RUB", "рубль": "RUB",
    "quetzales": "GTQ", "lempiras": "HNL", "colones": "CRC", "córdobas": "NIO", "guaraníes": "PYG", "bolivianos": "BOB",
    "balboas": "PAB", "pesos dominicanos": "DOP", "pesos uruguayos": "UYU", "hryvnia": "UAH",
    "دينار أردني": "JOD", "دينار كويتي": "KWD", "دينار بحريني": "BHD", "دينار عراقي": "IQD", "درهم إماراتي": "AED",
    "درهم مغربي": "MAD", "ريال قطري": "QAR", "ريال عماني": "OMR", "دينار تونسي": "TND",
    "שקל": "ILS", 'ש"ח': "ILS", "شيكل": "ILS", "ريال سعودي": "SAR", "درهم": "AED", "جنيه مصري": "EGP",
}  # fmt: skip
"""Names used for a currency in a column of currencies, or beside a word for it."""

_LIKELY = {
    "$": "USD",
    "¥": "JPY",
    "RS": "INR",
    "RE": "INR",
    "KR": "XXX",
    "FR": "CHF",
    "R": "ZAR",
    "₨": "XXX",
    "ريال": "SAR",
    "درهم": "AED",
    "دينار": "KWD",
    "جنيه": "EGP",
    "TG": "KZT",
    "ТГ": "KZT",
    "﷼": "SAR",
    "BS": "BOB",
    "P": "PHP",
    "N": "NGN",
    "L": "HNL",
    "K": "XXX",
    "FCFA": "XXX",
    "CFA": "XXX",
    "SHS": "XXX",
    "NU": "BTN",
    "BIRR": "ETB",
    "LPS": "HNL",
    "FRW": "RWF",
    "FBU": "BIF",
    "DHS": "AED",
    "LEK": "ALL",
    "LEKË": "ALL",
    "EC$": "XCD",
    "BZ$": "BZD",
    "G$": "GYD",
    "CI$": "KYD",
    "FJ$": "FJD",
    "B$": "BSD",
    "BDS$": "BBD",
    "СОМ": "KGS",
    "СУМ": "UZS",
    "ДИН": "RSD",
    "රු": "LKR",
    "रु": "XXX",
}
"""Signs that several currencies share, with the most likely one; ``kr`` has none."""


def currency_of(token: str) -> str | None:
    """Return the code for a code or sign (``"XXX"`` if it fits several equally well), None if it is neither."""
    word = token.upper()
    if word in CODES:
        return word
    if len(word) == 4 and word[3] == "$" and word[:3] in CODES:
        return word[:3]  # "CAD$"
    return _CERTAIN.get(word) or _LIKELY.get(word)


_NUMBERED = """
    036:AUD 124:CAD 144:LKR 156:CNY 203:CZK 208:DKK 344:HKD 348:HUF 352:ISK 356:INR 360:IDR 376:ILS 392:JPY
    398:KZT 404:KES 410:KRW 458:MYR 484:MXN 498:MDL 554:NZD 566:NGN 578:NOK 586:PKR 604:PEN 608:PHP 634:QAR
    643:RUB 682:SAR 702:SGD 704:VND 710:ZAR 752:SEK 756:CHF 764:THB 784:AED 810:RUB 818:EGP 826:GBP 840:USD
    933:BYN 941:RSD 946:RON 949:TRY 975:BGN 978:EUR 980:UAH 981:GEL 985:PLN 986:BRL
"""
NUMBERED = {pair[:3]: pair[4:] for pair in _NUMBERED.split()}
"""Numeric codes of ISO 4217, which some currency columns contain."""


def currency_named(text: str) -> str | None:
    """Return the code for a code, sign or name found where a currency belongs, None for other text."""
    said = text.rpartition("::")[2].strip("[]() .:*")  # GnuCash: "CURRENCY::EUR"
    return currency_of(said) or _NAMES.get(said.casefold()) or NUMBERED.get(said)


def is_shared(token: str) -> bool:
    """True for a sign that several currencies share, such as ``$``."""
    return token.upper() in _LIKELY


_TOKEN = re.compile(r"(?<![^\W_])(?:[SB]/|\$U)|[^\W\d_]{0,3}[$€£¥₹₽₩₫₦฿₪₱₴₺₸₾₼₡₲₮₭₵₨]|[^\W\d_]+")
_WORDS = "all amd ang bam bob cop cup da gel kid kz lak le mad mop mt pen rf ron sos top try"
_WORDS_TOO = frozenset(_WORDS.split())
"""Codes and signs that are words or abbreviations of some language."""


_WORDS_IN_HEADERS = frozenset({"RS", "KR", "BS", "FCFA", "CFA", "SHS", "DHS", "BIRR", "LPS", "FRW"})
"""Shared signs that consist of letters and occur as no other word in headers."""
_EASTERN_SIGNS = tuple(sign for sign in _CERTAIN if len(sign) > 1 and (ord(sign[0]) > 0x2E7F or sign[0] == "ש"))


def header_code(name: str) -> str:
    """Return the code that one header names, ``""`` for none or several."""
    found = set()
    for word in _TOKEN.findall(name[:80]):
        code = None if is_shared(word) else currency_of(word)
        # "Top" and "All" are codes too, so lower-case letters count only where they are not a word.
        if code and (word in CODES or not word.isalpha() or word.lower() not in _WORDS_TOO):
            found.add(code)
    found |= {_CERTAIN[sign] for sign in _EASTERN_SIGNS if sign in name[:80]}
    return found.pop() if len(found) == 1 else ""


def header_sign(name: str) -> str:
    """Return the ambiguous currency sign in a header, as in ``Amount (Rs)`` or ``Débito $``, else ``""``."""
    signs = (word for word in _TOKEN.findall(name[:80]) if is_shared(word))
    return next((sign for sign in signs if not sign.isalpha() or sign.upper() in _WORDS_IN_HEADERS), "")
