"""The words of bank exports in all supported languages: debit and credit marks, statuses, rows of balances."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Literal

from genie_finance.insights.reading.currencies import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable

_LETTERS_AND_DIGITS = re.compile(r"[^\W_]+")
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "å": "a", "ß": "ss", "ł": "l", "ı": "i", "đ": "d", "œ": "oe"})


def unaccented(text: str) -> str:
    """Return the text in lower case without accents."""
    lower = text.lower()
    if lower.isascii():
        return lower
    spread = unicodedata.normalize("NFKD", lower.translate(_LETTERS))
    return "".join(c for c in spread if not unicodedata.category(c).startswith("M"))


def words(text: str) -> frozenset[str]:
    """Return the words of a table that is written as one text."""
    return frozenset(text.split())


def plain(text: str) -> str:
    """Return the words of a text: lower case, unaccented, everything except letters and digits becomes one space."""
    return " ".join(_LETTERS_AND_DIGITS.findall(unaccented(text)))


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
"""Words beside an unsigned amount that show whether it is outgoing or incoming."""


_MORE_MARKS: dict[Mark, str] = {
    "debit": """money out|paid out|payment out|outgoing|outgoing payment|direct debit
        |card payment|card purchase|purchase|sale|pos|pos purchase|atm|atm withdrawal|cash withdrawal
        |standing order|bill payment|sent|transfer out|debits|deb|dbt|fee|charge|eftpos|visa purchase
        |ausgang|ausgabe|abgang|abbuchung|zahlungsausgang|sortie|prelevement|depense|retrait|salida
        |retiro|egreso|gasto|saque|despesa|uitgave|otto|veloitus|tilinotot|uttag|utgift|utgaende
        |udgaende|borc|cikis|gider|wydatek|obciazenie|wyplata|obciążenie|vydaj|odchozi|odchozí
        |odchadzajuca|vyber|terheles|terhelés|kiadas|plati|iesire|расход|списание|дебет|витрата
        |видаток|видаткова|χρεωση|χ|duguje|isplata|odliv|deebet|izejosais|支出|借|借方|出金|お支払い
        |支払い|支払|お引出し|出|출금|지출|출|keluar|ghi no|chi|ถอน|เดบิต|مدين|חובה
        |miscellaneous debit|wn|withdraw|out flow|outflow|expense|spending|sents|pago|pagos|compra
        |사용|사용금액|使用|充值退款|debited|deduct|paid|outward|spend|w d|wdl|cash out|minus|auszahlung|debite
        |paiement|achat|pagaste|enviaste
        |envio|transferencia enviada|enviado|pix enviado|compra no debito|prelievo|uit|hævning|udgift|meno
        |wychodzacy|ma dati|vydavok|kimeno|debitare|plata|cheltuiala|дт|исходящий|оплата|покупка|списання
        |изходящ|теглене|αναληψη|αγορα|odljev|rashod|trosak|valjaminek|islaidos|iseinanti|harcama|odeme|خصم
        |سحب|شراء|صادر|הוצאה|משיכה|引出|轉出|转出|消費|消费|付款|결제|pengeluaran|bayar|perbelanjaan|nợ|tien ra
        |chuyen di|rut tien|thanh toan|จ่าย|โอนออก|ชำระ|รายจ่าย|เงินออก|matumizi|uttekt|dalje
        |withdrawals|debe|debiti|dare|cargos|gastos|addebiti|utbetaling|udbetaling|afschrijving|depenses
        |ausgaben|obciazenia|wyplaty|wydatki|vydaje|cikan|giden|дебит|витрати|isplate|terecenje|breme
        |debets|debetas|出金額|支払金額|提款|출금액|출금금액|expenses|retiros|egresos|cheltuieli|levantamentos
        |paid to|sent to|transfer to|transferred to|payment to|money sent|withdrawn|spent
        |sortant|sendt|n d|nota debito|nota de debito|wyslane|addebito|uscite|saidas|debitos|debit card|pagamento
        |betaling""",
    "credit": """money in|paid in|payment in|incoming|incoming payment|direct credit|bank credit
        |refund|received|salary|payment received|payments received|transfer in|interest|cashback
        |credits|cre|crdt|inter bank credit|eingang|einnahme|zugang|zahlungseingang|entree
        |virement recu|recette|ingreso|pano|hyvitys|tilipano|insattning|inkomst|inkommande|ingaende
        |indgaende|alacak|giris|gelir|wplyw|wpływ|uznanie|wplata|prijem|prichozi|příchozí
        |prichadzajuca|vklad|jovairas|jóváírás|bevetel|incasare|intrare|приход|зачисление|поступление
        |пополнение|кредит|надходження|прибуткова|πιστωση|π|potrazuje|uplata|priliv|kreedit|ienakosais
        |收入|贷|貸|贷方|入金|お預り|お預入れ|預り|預入|入|입금|수입|입|masuk|ghi co|thu|ฝาก|เครดิต
        |دائن|זכות|inter-bank credit|inflow|in flow|income|ma|accredito|entrate|entradas|creditos
        |충전|チャージ|充值|reload|load|credited|inward|dep|plus|einzahlung|credite|versement|remboursement|recibiste
        |te pago|te envio
        |transferencia recibida|devolucion|recebido|receita|pix recebido|recebimento|bonifico ricevuto|indsætning
        |indtægt|przychodzacy|dal|bejovo|creditare|venit|кт|входящий|зарахування|поповнення|входящ|καταθεση
        |priljev|prihod|sissetulek|pajamos|gaunama|yatirma|إيداع|إضافة|وارد|הכנסה|הפקדה|轉入|转入|收款|退款|환불
        |pemasukan|terima|pendapatan|có|tien vao|nhan tien|nap tien|รับ|โอนเข้า|รายรับ|เงินเข้า|mapato|innlegg|arketim
        |gutschriften|abonos|ingresos|haber|accrediti|avere|innbetaling|bijschrijving|lodgement|lodgements
        |recettes|einnahmen|uznania|wplaty|wplywy|prijmy|giren|gelen|зачислено|uplate|odobrenje|dobro
        |kredits|kreditas|存款|存入|入金額|입금액|입금금액|deposito|depositos|receipts|receipt|deposited|incasari
        |received from|transfer from|payment from|money received|added to|top up|topup|money added
        |entrant|mottatt|n c|nota credito|nota de credito|recibido|otrzymane|קבלה|indbetaling|deposits""",
}  # fmt: skip
_WORD_MARKS: dict[str, Mark] = {
    **{plain(word): mark for word, mark in MARKS.items()},
    "k": "credit",
    **{plain(word): mark for mark, listed in _MORE_MARKS.items() for word in listed.split("|")},
}
_VOWELS = frozenset("aeioyаеоияыйε")


def _stem(said: str) -> str:
    """Return words without the vowel that marks gender or number: ``autorizzata`` and ``autorizzato`` are one."""
    return " ".join(
        word.rstrip("s")[:-1] if len(word) > 6 and word.rstrip("s")[-1:] in _VOWELS else word for word in said.split()
    )


_MARK_STEMS = {_stem(word): mark for word, mark in _WORD_MARKS.items()}
_LONGEST_MARK = 24


def mark_of(cell: str) -> Mark | None:
    """Return the meaning of a debit/credit cell, or None if it contains something else."""
    if not cell:
        return None
    found = MARKS.get(cell.lower())
    if (
        found or len(cell) > _LONGEST_MARK or cell[0].isdigit()
    ):  # no such word starts with a digit, as dates and amounts do
        return found
    if cell in {"-", "+"}:
        return "debit" if cell == "-" else "credit"
    said = plain(cell)
    return _WORD_MARKS.get(said) or _MARK_STEMS.get(_stem(said))


_KINDS = words("charge refund sale interest fee reversal return received")


def is_kind(cell: str) -> bool:
    """True for a mark, such as ``refund``, that is incoming money for one party and outgoing for the other."""
    return plain(cell) in _KINDS


Unbooked = Literal["pending", "declined", "cancelled", "failed", "reverted"]

_UNBOOKED: dict[Unbooked, str] = {
    "pending": """memo|oczekujace|under review|in review|awaiting|unsettled|not settled|on-hold|delayed
        |te verwerken
        |gereserveerd|noch nicht gebucht|nicht gebucht|en attente de validation|a comptabiliser|en espera de
        |por confirmar|pendiente de cargo|da contabilizzare|em analise|a liquidar|w trakcie realizacji
        |oczekuje na realizacje|probiha|spracovava sa|авторизация|авторизовано|авторизован|очікує|очікується
        |gaida|laukiama patvirtinimo|tootlemisel|onay bekliyor|処理待ち|审核中|심사중|menunggu|pendente|vantande
        |laukiama|cekajici platba|in afwachting
        |εκκρεμης|en espera|pending|processing|in progress|in process|waiting|authorised|authorized
        |authorisation|authorization|held|on hold|hold|open|scheduled|upcoming|created|initiated
        |placed|temporary|requires action|vorgemerkt|umsatz vorgemerkt|ausstehend|offen|in bearbeitung
        |geplant|en attente|en cours|a venir|pendiente|en proceso|en tramite|retenido|in sospeso
        |in attesa|in corso|autorizzato|non contabilizzato|em processamento|agendado|reservert
        |reserverad|reserveret|venter|afventer|vantar|under behandling|preliminar|preliminart|varaus
        |odottaa|kesken|katevaraus|oczekuje|oczekujaca|blokada|w realizacji|nierozliczone|cekajici
        |ceka na zauctovani|blokace|nezauctovano|cakajuca|fuggoben|fuggo|zarolt|in asteptare|in curs
        |beklemede|bekliyor|provizyon|islemde|в обработке|ожидание|ожидает|холд|в процессе|в обробці
        |εκκρεμει|na cekanju|rezervacija|ootel|处理中|待处理|等待付款|待付款|等待确认收货|待确认
        |未確定|処理中|保留|대기|승인대기|처리중|tertunda|diproses|cho xu ly|dang xu ly|รอดำเนินการ
        |queued|submitted|requested|draft|reserviert|in behandeling|prel|w trakcie|zablokowana|ceka|изчакваща
        |σε εκκρεμοτητα|v cakanju|معلقة|قيد التنفيذ|ממתין|保留中|處理中|dalam proses
        |معلق|بانتظار|in reserve|not posted|unposted|uncleared""",
    "declined": """declined|denied|rejected|geweigerd|afgewezen|отказано|отказана|отклонён
        |zuruckgewiesen|abgewiesen
        |non accepte|rejetee|rejeitado|rejeitada|nao autorizado|no autorizado|non autorizzato|avvisad
        |odrzucony|zamitnuta|odmietnuta|neautorizovano|elutasitott|onaylanmadi|відмовлено|відхилена
        |απορριφθεισα|απερριφθη|odbijena|noraidits|atmesta|tagasi lukatud|不成立|未成功|승인 거절|refused|blocked
        |not authorised|not authorized|abgelehnt
        |refuse|refusee|rejete|rechazado|rechazada|denegado|denegada|rifiutato|rifiutata|respinto
        |recusado|recusada|negado|negada|avvist|avslatt|nekad|avslagen|afvist|hylatty|odrzucona
        |odrzucone|odmowa|zamitnuto|zamietnute|elutasitva|elutasitott|respins|respinsa|reddedildi
        |отклонен|отклонена|отклонено|отказ|відхилено|απορριφθηκε|odbijeno|拒绝|已拒绝|拒否|否認|거절
        |zamietnuta|неуспішна|отхвърлена|zavrnjeno|مرفوضة|已拒絕
        |승인거절|ditolak|tu choi|ปฏิเสธ|مرفوض|נדחה""",
    "cancelled": """cancelled|canceled|void|voided|deleted|removed|expired|abandoned|storniert
        |abgebrochen|annule|annulee|cancelado|cancelada|anulado|anulada|annullato|annullata|cancellato
        |slettet|annulleret|kansellert|avbruten|annullerad|makulerad|peruttu|peruutettu|mitatoity
        |anulowana|anulowane|anulowano|zruseno|stornovano|zrusena|torolt|visszavont|anulat|anulata
        |iptal|iptal edildi|отменен|отменена|отменено|скасовано|ακυρωθηκε|ponisteno|otkazano|交易关闭
        |已关闭|已取消|取消|キャンセル|취소|승인취소|dibatalkan|batal|da huy|ยกเลิก|ملغي|מבוטל
        |geannuleerd|verlopen|closed|timed out|timeout|aborted|abgelaufen|expire|expirado|vencida|scaduto|visszavonva
        |torolve|stornirano|preklicano|tuhistatud|atcelts|atsaukta|ملغاة|בוטל""",
    "failed": """failed|failure|error|unsuccessful|not executed|bounced|fehlgeschlagen|echec
        |echoue|fallido|fallida|fallito|non eseguito|falhou|falha|feilet|misslyckad|mislykkedes|fejlet
        |epaonnistui|nieudana|blad|niezrealizowana|neprovedeno|selhalo|neuspesna|sikertelen|esuat
        |esuata|basarisiz|ошибка|неуспешно|не выполнено|не исполнен|помилка|αποτυχια|neuspjesno
        |echouee|epaonnistunut|meghiusult|неуспешна|απετυχε|فشلت|ล้มเหลว|imeshindwa
        |交易失败|支付失败|失败|失敗|エラー|실패|gagal|that bai|ไม่สำเร็จ|فشل|נכשל|mislukt""",
    "reverted": """ruckgangig gemacht|cofnieto|teruggedraaid|aterstalld|revenu|annule et rembourse
        |vraceno zpet|reverted|reversed|reversal|returned|charged back|chargeback|rolled back|undone
        |zuruckgebucht|ruckbuchung|extourne|retourne|revertido|revertida|devuelto|devuelta|retrocedido
        |stornato|stornata|estornado|estornada|estorno|devolvido|devolvida|tilbakefort|reverserad
        |aterford|tilbagefort|palautettu|wycofana|zwrocona|vraceno|vratena|visszautasitott|returnat
        |iade|iade edildi|возврат|возвращен|возвращено|повернено|已退款|退款成功|全额退款|返金|반환
        |rembourse|reversada|cofnieta|返金済み|已全额退款
        |refunded|dikembalikan|hoan tien|teruggeboekt|storno""",
}  # fmt: skip
_BOOKED = """betaald|geaccepteerd|akkoord|angenommen|berechnet|abgerechnet|accepte|acceptee|aceptado|aceptada
        |autorizado|autorizada|accettato|accettata|approvato|approvata|aceite|aceito|aceita|aprobado
        |godkand|godkendt|godkjent|hyvaksytty|zaakceptowana|zaakceptowano|przyjeta|schvaleno|schvalena
        |elfogadva|elfogadott|acceptat|aprobat|onaylandi|kesinlesti|принято|одобрено|одобрен|прийнято
        |одобрена|prihvaceno|izvrsena|ivykdyta|izpildits|taidetud|成立|成功済み|imputado|imputada
        |debit|credit|termine|terminee|zakonczono|concluida|voltooid|slutford|dokonceno
        |befejezett|uzbaigta|ολοκληρωμενη|fuldfort|completed|complete|booked|posted|settled|cleared
        |processed|success|successful|succeeded|paid|executed|done|final|finished|approved|accepted
        |confirmed|available|reconciled|ok|gebucht|umsatz gebucht|verbucht|ausgefuhrt|abgeschlossen
        |erledigt|effectue|effectuee|comptabilise|comptabilisee|valide|validee|execute|executee|regle
        |realizado|realizada|completado|completada|contabilizado|contabilizada|confirmado|confirmada
        |aprobado|aprobada|liquidado|liquidada|efectuado|efetuado|eseguito|eseguita|contabilizzato
        |contabilizzata|completato|efetivado|efetivada|concluido|aprovado|aprovada|pago|paga|bokfort
        |bogfort|utfort|udfort|genomford|gennemfort|fullfort|klar|toteutunut|kirjattu|suoritettu
        |toteutettu|zaksiegowana|zaksiegowano|zrealizowana|zrealizowano|wykonana|wykonano|rozliczona
        |rozliczono|rozliczone|zauctovano|zauctovana|provedeno|provedena|realizovana|spracovana
        |konyvelt|teljesult|sikeres|finalizat|finalizata|procesat|procesata|tamamlandi|gerceklesti
        |basarili|выполнено|выполнен|исполнен|исполнено|проведено|проведен|успешно|успіх|виконано
        |ολοκληρωθηκε|izvrseno|realizirano|teostatud|交易成功|支付成功|已完成|成功|已收钱|已到账
        |对方已收钱|已转账|已存入零钱|朋友已收钱|完了|確定|승인|완료|정상|berhasil|sukses|thanh cong
        |hoan thanh|สำเร็จ|ناجح|مكتمل|בוצע|uitgevoerd|verwerkt|geboekt|sent|received|exported|captured
        |released|delivered|finalized|erfolgreich|erfolgt|reussi|exitosa|exitoso|procesado|aplicado|ejecutada|sucesso
        |finalizado|processado|compensado|confirmato|confermato|riuscito|concluso|geslaagd|utford|bokford|afsluttet
        |valmis|zrealizowany|zakonczona|uspesna|dokoncena|teljesitve|befejezve|executata|reusita|завершен|завершено
        |успішно|успішна|завършена|изпълнен|осчетоводена|εκτελεστηκε|επιτυχης|uspjesno|proknjizeno|izvedeno
        |lopetatud|pabeigts|atlikta|ناجحة|مكتملة|تمت|منفذة|הושלם|אושר|已支付|已入賬|已入帳|成功入帳|성공|selesai|berjaya
        |da ghi so|เสร็จสมบูรณ์|imekamilika"""
_STATUSES: dict[str, Unbooked | Literal["booked"]] = {
    **{plain(word): kind for kind, listed in _UNBOOKED.items() for word in listed.split("|")},
    **dict.fromkeys(map(plain, _BOOKED.split("|")), "booked"),
}


_STATUS_STEMS = {_stem(word): kind for word, kind in _STATUSES.items()}
_STATUS_ENDINGS: dict[str, Unbooked | Literal["booked"]] = {
    "未完了": "pending", "不成功": "failed", "未成功": "failed",
    **dict.fromkeys(("成功", "完了", "完成", "已入账", "完毕", "완료", "성공"), "booked"),
    **dict.fromkeys(("处理中", "處理中", "処理中", "대기", "처리중", "待确认"), "pending"),
    **dict.fromkeys(("失败", "失敗", "실패"), "failed"),
    **dict.fromkeys(("取消", "关闭", "關閉", "撤销", "취소"), "cancelled"),
    **dict.fromkeys(("退款", "返金", "환불"), "reverted"),
    **dict.fromkeys(("拒绝", "拒絕", "거절"), "declined"),
}  # fmt: skip
"""Last letters of statuses in scripts without spaces between words."""


def status_of(cell: str) -> Unbooked | Literal["booked"] | None:
    """Return the status that a cell of a status column gives its row, or None if it contains something else."""
    if len(cell) > _LONGEST_MARK:
        return None
    said = plain(cell)
    known = _STATUSES.get(said) or _STATUS_STEMS.get(_stem(said))
    if known or cell.isascii():
        return known
    return next((kind for ending, kind in _STATUS_ENDINGS.items() if cell.endswith(ending)), None)


_INCOMING_WORDS = """payment received|mobile pymt|crcardpmt|online pymt|payment from account|payment thank you
        |thank you|autopay|payment from
        |automatic payment|ach deposit|online payment|mobile payment|internet payment
        |direct debit received|e payment|refund|cashback|salary|payroll|wages|gehalt|lohn
        |zahlung erhalten|zahlungseingang|ihre zahlung|einzug|ruckerstattung|gutschrift|salaire
        |paiement recu|merci|virement recu|remboursement|nomina|pago recibido|su pago|gracias
        |reembolso|stipendio|pagamento ricevuto|rimborso|pagamento recebido|pagamento efetuado|salario
        |obrigado|betalning mottagen|inbetalning|lon|aterbetalning|innbetaling|lonn|indbetaling|betaling ontvangen
        |salaris|terugbetaling|palkka|suoritus|hyvitys|wynagrodzenie|splata|zwrot|vyplata|vraceni
        |fizetes|salariu|maas|odeme icin|зарплата|погашение|возврат|給与|给与|工资|还款|退款|급여|환급
        |gaji|luong|dividend|preauthorized payment|zahlung danke|tack for din betalning|takk for innbetaling
        |betaling modtaget|maksu vastaanotettu|platba prijata|tesekkur ederiz|icin tesekkurler|ご入金|ご返金|返金
        |キャンセル|취소|זיכוי|terima kasih|ขอบคุณ|mzda|munkaber|заробітна плата|μισθοδοσια|راتب|משכורת|給料|薪資|繳款
        |einzahlung|innborgun|direct debit payment|inclusao de pagamento|uw betaling|repayment|uplata|เงินเดือน
        |sueldo|sueldos|ordenado|bezuge"""
_INCOMING = tuple(map(plain, _INCOMING_WORDS.split("|")))
_INCOMING_IN_EAST = tuple(word for word in _INCOMING if ord(word[0]) > 0x2E7F)
"""Words of scripts without spaces between words."""


_PAYMENTS = words(
    """payment payments pmt paymt zahlung bezahlung paiement reglement pago pagamento betaling betalning
    innbetaling indbetaling maksu makse platnosc splata platba platby fizetes torlesztes plata rata
    odeme платеж платёж оплата погашение πληρωμη плащане uplata placilo maksajums mokejimas תשלום سداد
    دفع pembayaran bayaran 支払 お支払 還款 还款 繳款 납부 ชำระ"""
)
_PAYMENT_STEMS = tuple(sorted(word for word in _PAYMENTS if len(word) > 4 and ord(word[0]) < 0x0590))
_PAYMENTS_IN_EAST = tuple(word for word in _PAYMENTS if ord(word[0]) > 0x0E00)


def says_payment(narration: str) -> bool:
    """True if a text is that of a payment, which beside a minus on a card statement is the payment of its bill."""
    text = plain(narration[:120])
    if any(word in text for word in _PAYMENTS_IN_EAST):
        return True
    return any(word in _PAYMENTS or word.startswith(_PAYMENT_STEMS) for word in text.split())


_OF_BOOKS = words(
    """debit debits credit credits debito credito debe haber soll haben dare avere dr cr debet kredit deebet kreedit
    debets kredits debetas kreditas дебет кредит χρεωση πιστωση borc alacak duguje potrazuje wn ma 借方 贷方 貸方 차변
    대변"""
)


def is_of_books(header: str) -> bool:
    """True for a word of bookkeeping, whose meaning in the customer's books is the opposite of the bank's."""
    return not _OF_BOOKS.isdisjoint(plain(header).split())


_CARDS = """credit card|kreditkarte|kreditkartenabrechnung|carte de credit|tarjeta de credito|cartao de credito
    |carta di credito|creditcard|kredittkort|kreditkort|luottokortti|karta kredytowa|karty kredytowej
    |kreditni karta|kreditna karta|hitelkartya|kredi karti|кредитная карта|кредитна картка|信用卡
    |クレジットカード|신용카드|kartu kredit|the tin dung|บัตรเครดิต|בטאקת אשראי|כרטיס אשראי|one card
    |visa card|mastercard"""
_CARD_NAMES = tuple(map(plain, _CARDS.split("|")))


def says_card(cells: Iterable[str]) -> bool:
    """True for a line that names the credit card of the statement below."""
    return any(f" {card} " in f" {plain(cell[:120])} " for cell in cells for card in _CARD_NAMES)


def says_incoming(narration: str) -> bool:
    """True if a text describes incoming money: a salary, a refund, the payment of a card's bill."""
    text = f" {plain(narration[:120])} "
    return any(f" {word} " in text for word in _INCOMING) or any(word in text for word in _INCOMING_IN_EAST)


_OPENING = """likutis pradziai|pradinis likutis|sakuma atlikums|algsaldo|pocatecni zustatek
        |pociatocny zostatok|saldo poczatkowe|nyito egyenleg|sold initial|pocetno stanje|acilis bakiyesi
        |onceki bakiye|devir bakiyesi|начальный остаток|входящий остаток|вхідний залишок|начално салдо
        |входящо салдо|αρχικο υπολοιπο|προηγουμενο υπολοιπο|saldo awal|期初余额|前日余额|前期繰越|前回残高
        |전월이월|이월잔액|saldo apertura|abningssaldo|alkusaldo|upphafsstada|solde au|saldo al inicio
        |opening balance|balance brought forward|brought forward|bal b f|balance b f|b f
        |bal brought forward|bf|starting balance|previous balance|beginning balance|start balance
        |saldo anterior|saldo inicial|saldo iniziale|saldo precedente|anfangssaldo|anfangsbestand
        |saldovortrag|alter saldo|kontostand alt|alter kontostand|ancien solde|solde precedent
        |solde initial|solde anterieur|report du solde|beginsaldo|vorig saldo|openingssaldo|primosaldo
        |indgaende saldo|inngaende saldo|ingaende saldo|saldo de apertura|saldo de abertura"""
_CLOSING = """galutinis likutis|likutis pabaigai|beigu atlikums|loppsaldo|konecny zustatek
        |konecny zostatok|saldo koncowe|zaro egyenleg|sold final|konacno stanje|zavrsno stanje|son bakiye
        |kapanis bakiyesi|исходящий остаток|конечный остаток|вихідний залишок|крайно салдо|изходящо салдо
        |τελικο υπολοιπο|νεο υπολοιπο|saldo akhir|期末余额|本期余额|次期繰越|saldo contabile|loppusaldo
        |lokastada|saldo disponibile|saldo contable|closing balance|balance carried forward
        |carried forward|balance c f|bal c f|c f
        |ending balance|end balance|saldo final|saldo finale|saldo atual|saldo actual|saldo attuale
        |endsaldo|schlusssaldo|endbestand|neuer saldo|kontostand neu|neuer kontostand|nouveau solde
        |solde final|eindsaldo|nieuw saldo|slutsaldo|ultimosaldo|utgaende saldo|udgaende saldo
        |saldo do dia|s a l d o|kontostand|kontosaldo|account balance|saldo konta|solde du compte|saldo del conto
        |saldo de la cuenta|saldo da conta|rekeningsaldo"""
_TOTAL = """celkem|spolu|razem|osszesen|ukupno|toplam|итого|всего|разом|всього|общо|συνολο|yhteensa|samtals
        |i alt|totalt|合计|合計|总计|總計|합계|총계|total|totals|grand total|sub total|subtotal|summe|gesamt|totaal
        |totale|totali|totais|totales|sum|total general"""

_TURNOVER = """apyvarta|apgrozijums|kaive|obrat|obraty|suma obrotow|forgalom|promet|обороты|оборот|turnover
        |total turnover|debit turnover|credit turnover|umsatzsumme|total debits|total credits
        |total debit|total credit|totale entrate|totale uscite|total cargos|total abonos
        |total de debitos|total de creditos"""
"""Words for sums that cannot be a payee's name; there are payees named Total."""
_UNITS = frozenset(code.lower() for code in CODES) | {"euro", "euros", "rs", "kr"}
_PHRASES = {
    plain(phrase): kind
    for kind, phrases in (
        ("opening", _OPENING),
        ("closing", _CLOSING),
        ("total", _TOTAL),
        ("turnover", _TURNOVER),
    )
    for phrase in phrases.split("|")
}
_OF_PERIOD = words("page statement account period month")
"""Words beside "total" that do not occur in names of payees."""
_FIRST_WORDS = frozenset(phrase.split()[0] for phrase in _PHRASES)
_WORD = re.compile(r"[^\W_]+")
_LONGEST_PHRASE = max(len(phrase.split()) for phrase in _PHRASES)
_AROUND = frozenset((
    "as", "on", "at", "of", "from", "to", "the", "previous", "page", "statement", "account", "per", "am", "vom", "zum",
    "del", "al", "au", "du", "le", "de", "em", "op", "pr", "date", "dated", "for", "until", "bis", "tot", "fino", "a",
    "this", "period", "month",
))  # fmt: skip
"""Words that may follow such a phrase without making it a payee: ``Opening balance as on 01/04/2025``."""


def balance_row(narration: str) -> str:
    """Return ``opening``, ``closing``, ``total`` or ``turnover`` for a row that is not a transaction, else ``""``."""
    text = unaccented(narration[:120])
    first = _WORD.search(text)
    if first is None or first[0] not in _FIRST_WORDS:  # so it is with nearly every row
        return ""
    said = plain(text).split()
    for count in range(min(_LONGEST_PHRASE, len(said)), 0, -1):
        kind = _PHRASES.get(" ".join(said[:count]))
        if kind == "total" and not _OF_PERIOD.isdisjoint(said[count:]):
            kind = "turnover"
        if kind and all(word in _AROUND or word in _UNITS or not word.isalpha() for word in said[count:]):
            return kind
    return ""
