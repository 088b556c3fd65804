"""Stems of header words in inflected languages and in scripts without spaces; one word represents each group."""

from __future__ import annotations

from typing import Final

from genie_finance.insights.reading.vocabulary import plain

_STEMS: Final = {
    "original": """原始 原币 外币 外幣 外貨 現地 海外 外貨建 외화 현지 해외 מקורי אصلي اصلي أصلي иностран исходн іноземн
        oryginaln zagraniczn puvodn cizi eredeti kulfoldi""",
    "balance": """残額 结存 結存 余额 餘額 結餘 结余 残高 잔액 잔고 ยอดคงเหลือ คงเหลือ رصيد יתרה
        остат остач залиш баланс салдо υπολοιπ
        zustat zostat egyenleg bakiye saldo""",
    "fee": """手续费 手續費 手数料 수수료 ค่าธรรมเนียม رسوم עמלה
        عمولة комисс коміс προμηθ poplat prowiz oplat opłat
        jutalek komisyon masraf""",
    "debit": """支払額 支出 出金 出账 出帳 提款 引出 払出 お支払 借方 出金額 출금 지출 찾으신 차변
        ถอน เดบิต จ่าย مدين سحب مسحوب חובה
        списан расход дебет видат витрат χρεωσ obciaz wyplat wydat odchoz vyber terhel kiadas borc cikan debet""",
    "credit": """チャージ額 收入 収入 入金 入账 入帳 存入 存款 預入 お預 贷方 貸方 입금 수입 맡기신 대변
        ฝาก เครดิต รับ دائن ايداع إيداع זכות
        зачисл поступл приход кредит надходж πιστωσ uznan wplat wplyw prichoz vklad jovair bevetel alacak giren
        kredit""",
    "date": """日期 时间 時間 日時 日付 年月日 取引日 利用日 일자 일시 시각 날짜 거래일 วันที่
        تاريخ תאריך дата ημερομην ημνια tarih datum tanggal
        ngay kuupaev kirjauspaiv""",
    "currency": """币种 幣別 币别 货币 貨幣 通貨 통화 สกุลเงิน عملة העملה מטבע валют νομισμ walut devizanem penznem""",
    "amount": """金额 金額 額 额 금액 จำนวนเงิน ยอดเงิน مبلغ סכום сумм сума kwot castk ciastk osszeg tutar jumlah
        nominal""",
    "description": """品目 お店 支払先
        摘要 内容 內容 备注 備註 備考 明细 明細 说明 說明 적요 내용 메모 가맹점 商户 商戶 รายการ รายละเอียด
        وصف بيان تفاصيل תיאור פרטים פירוט описан назначен призначен опис περιγραφ αιτιολογ popis kozlemeny
        aciklam keterang uraian""",
    "status": "状态 狀態 状態 상태 สถานะ حالة סטטוס статус status statut durum allapot",
}
"""Synonyms in headers are replaced by one word, so that any combination of them is recognised."""
_LISTED: Final = tuple((plain(stem), word) for word, listed in _STEMS.items() for stem in listed.split())
_BRIEF: Final = 4
"""Longest Latin text that is too short for a stem, since too many other words start with it."""
_DAY: Final = ("\u65e5", "\uc77c")
"""Last letter of words for dates in Japanese, Chinese and Korean: ``振替日``."""
_UNSPACED: Final = 0x0590
"""Scripts from here on do not separate words: a stem may be anywhere in a word."""


def _starts(*, ascii_alone: bool) -> dict[str, tuple[str, ...]]:
    """Return stem -> words that it represents."""
    found: dict[str, tuple[str, ...]] = {}
    for stem, word in _LISTED:
        if stem.isascii() == ascii_alone and not (ascii_alone and len(stem) <= _BRIEF):
            found[stem] = (*found.get(stem, ()), word)
    return found


_LATIN: Final = _starts(ascii_alone=True)
_OTHER: Final = _starts(ascii_alone=False)
_LONGEST: Final = max(map(len, (*_LATIN, *_OTHER)))


def known_words(words: list[str]) -> list[str]:
    """Return the representing words of a header, without unknown ones."""
    found: list[str] = []
    for word in words:
        if word[-1] in _DAY:
            found.append("date")
        if not word.isascii() and ord(word[0]) >= _UNSPACED:
            found += [known for stem, stands_for in _OTHER.items() if stem in word for known in stands_for]
            continue
        starts = _LATIN if word.isascii() else _OTHER
        for length in range(1, min(len(word), _LONGEST) + 1):
            found += starts.get(word[:length], ())
        if word.isascii():
            found += [base for base in _ENDINGS if word.endswith(base) and word != base]
    return found


_ENDINGS: Final = (
    "betrag",
    "belopp",
    "belop",
    "bedrag",
    "saldo",
    "wahrung",
    "gebuhr",
    "avgift",
    "gebyr",
    "datum",
    "dato",
    "tag",
    "dag",
    "paiva",
    "pvm",
)
"""Last parts of compound words: ``Zahlungsbetrag``, ``Kontosaldo``."""
