"""Known complete headers of bank exports in all supported languages, by the role of the column."""

from __future__ import annotations

from typing import Literal

Role = Literal[
    "date", "value_date", "narration", "amount", "other_amount", "debit", "credit", "net", "fee", "mark", "status",
    "balance", "currency", "other_currency", "account", "rate",
]  # fmt: skip

HEADERS: dict[Role, str] = {
    "date": """date|transaction date|txn date|tran date|trans date|posting date|post date
        |posted date|posted|date posted|booking date|booked|date booked|completed date|operation date
        |entry date|splatnost|process date|transaction date and time|dated|buchungstag|buchtag|buchungsdatum|buchung
        |datum|belegdatum|umsatzdatum|kaufdatum|date operation|date de l operation|date de operation
        |date d operation|date comptable|dateop|date op|date de comptabilisation|date ecriture
        |boekdatum|boekingsdatum|transactiedatum|data|data lancamento|data do lancamento
        |data de lancamento|data mov|data movimento|data do movimento|data operacao|data contabile
        |data operazione|data registrazione|fecha|fecha operacion|fecha de operacion|dia
        |fecha de la operacion|fecha contable|f operacion|f contable|dato|bogfort|bogforingsdato
        |bogforingsdag|bokforingsdato|bokforingsdag|bokforingsdatum|bokfort|bokfort dato
        |transaktionsdatum|transaktionsdag|transaksjonsdato|utfort dato|reskontradatum|kirjauspäivä
        |kirjauspvm|tapahtumapäivä|maksupäivä|pvm|päivämäärä|päivä|created|created on|created at
        |finished on|completed on|settled date|date completed|timestamp|data operacji|data transakcji
        |data księgowania|data zaksięgowania|datum zaúčtování|datum zauctovani|datum provedení
        |datum transakce|datum splatnosti|dátum|dátum zaúčtovania|dátum transakcie|dátum spracovania
        |könyvelés dátuma|könyvelési dátum|tranzakció dátuma|tranzakció időpontja|data tranzactie
        |data tranzacției|data procesarii|tarih|sene|işlem tarihi|işlem tarihi saati|дата|дата проводки|дата совершения
        |дата операции
        |дата и время операции|дата операції|дата проведения|дата і час операції|дата транзакции
        |дата на операцията|дата на транзакция|ημερομηνία|ημερομηνία συναλλαγής|ημ νία|ημ νία συναλλαγής
        |ημνια συναλλαγής|ημερ συναλλαγής|datum transakcije|datum knjiženja|datum valute knjiženja
        |kuupäev|datums|data ir laikas|dagsetning|日付|取引日|お取引日|ご利用日|利用日|年月日|取引日時
        |取扱日付|取扱日|操作日|交易时间|交易日期|记账日期|记账日|入账日期|交易日|交易日期时间|日期
        |交易日期和时间|거래일자|거래일시|거래일|일자|일시|거래 일시|tanggal|tanggal transaksi|tgl
        |ngày|ngày giao dịch|ngày gd|ngay giao dich|วันที่|วันที่ทำรายการ|วันที่ รายการ|تاريخ|التاريخ
        |تاريخ العملية|תאריך|תאריך עסקה|תאריך רכישה|trx date|帳務日期|入帳日期|入帳日|date entered|txn posted date
        |transaction date time
        |date time|datetime|date and time|time|entry dt|posting dt|tran dt|paid at|sent at|processed at
        |authorised on|authorized on|completed
        |finished|processed|settled|executed|initiated|paid on|sent on|umsatz vom|buchung am|gebucht am|utfört|utført
        |jour|f oper|f mov|zeitpunkt|tijdstip|waktu|tarikh|thời gian|วัน เดือน ปี|petsa|tarehe|तारीख|লেনদেনের তারিখ""",
    "value_date": """value date|value dt|val date|val dt|valuta|valutadatum|wertstellung
        |wertstellungsdatum|wert|valuta datum|date valeur|date de valeur|valutadato|rentedato
        |rentedatum|rentedag|data valuta|data valor|data do valor|fecha valor|f valor|valutadag
        |effective date|dateval|arvopäivä|data waluty|datum valuty|dátum valuty|értéknap|valör
        |valör tarihi|дата валютирования|вальор|ημερομηνία αξίας|valeur|ημ νία αξίας|datum valute
        |起算日|起息日|valuutapäev|available on|transfer date|started date|due date|תאריך ערך|計息日|ngày hiệu lực
        |tanggal efektif|生效日""",
    "narration": """詳細1|詳細|narration|description|transaction description|details
        |transaction details|particulars|remarks|memo|transaction remarks|payee|payee name|name
        |merchant|merchant name|counterparty|counter party|transaction|narrative|original description
        |extended details|verwendungszweck|buchungstext|buchungsdetails|umsatztext|text|empfanger
        |beguenstigter zahlungspflichtiger|begunstigter zahlungspflichtiger|beguenstigter|begunstigter
        |auftraggeber|auftraggeber beguenstigter|auftraggeber begunstigter|auftraggeber empfanger
        |zahlungsempfanger|zahlungspflichtiger|zahlungsempfanger in|zahlungspflichtige r
        |name zahlungsbeteiligter|beschreibung|libelle|libelle operation|libelle de l operation
        |libelle simplifie|detail de l ecriture|detail|nature de l operation
        |description de l operation|omschrijving|label|naam omschrijving|mededelingen|mededeling
        |naam tegenpartij|tegenpartij|naam|descricao|descricao do movimento|historico|lancamento
        |movimento|descrizione|causale|descrizione operazione|descrizione estesa|concepto|descripcion
        |observaciones|movimiento|beneficiario|detalle|tekst|beskrivelse|forklaring|beskrivning
        |meddelande|mottagare|transaktion|melding|modtager|avsandare|specifikation|referens|selitys
        |saaja maksaja|saaja|maksaja|nimi|otsikko|viesti|saajan nimi|maksunsaaja|partnername
        |partner name|counterparty name|beneficiary|beneficiary name|opis operacji|opis transakcji
        |opis|tytuł|tytułem|odbiorca|nadawca odbiorca|kontrahent|dane kontrahenta|nazwa kontrahenta
        |název protiúčtu|název protistrany|popis|poznámka|zpráva pro příjemce|zpráva|popis transakce
        |obchodník|název obchodníka|správa pre prijímateľa|názov protiúčtu|popis transakcie
        |partner neve|közlemény|leírás|megnevezés|descriere|detalii|detalii tranzactie|beneficiar
        |descrierea tranzacției|açıklama|işlem|işlem açıklaması|описание|описание операции
        |назначение платежа|контрагент|призначення платежу|деталі операції|опис операції|основание
        |περιγραφή|αιτιολογία|opis plaćanja|opis transakcije|svrha|naziv|namen|selgitus|saaja nimi
        |saaja maksja nimi|saaja maksja|paskirtis|mokėtojas gavėjas|maksātājs saņēmējs|informācija
        |skýring|摘要|摘要内容|取引内容|お取り扱い内容|お取引内容|取引先|利用店名 商品名|ご利用店名
        |内容|交易对方|商品说明|商品|交易摘要|对方户名|交易说明|备注|적요|내용|거래내용|받는분 보낸분
        |keterangan|uraian|deskripsi|diễn giải|mô tả|nội dung|noi dung|mo ta|รายละเอียด|รายการ|البيان
        |الوصف|תיאור|פרטים|שם בית עסק|operazione|operation|operação|entry description|booking text
        |reference text|payment details|transaction narration|description 1|transaction ref1
        |merchant description|narration details|dettagli|umsatz details|descrizione completa|supplier
        |estabelecimento|title|lançamento|historial|glosa|referencia|particular|remark|note|notes|beneficiary payer
        |to from
        |from to|sender receiver|recipient|sender|payee payer|empfänger auftraggeber|gegenpartei|partner|händler
        |buchungsinformation|buchungsinfo|betreff|zweck|kommentar|nature|intitulé|motif|bénéficiaire|tiers|commerçant
        |communication|concepto detalle|detalle del movimiento|comercio|descripción operación|establecimiento
        |descritivo|detalhes|favorecido|título|esercente|beneficiario ordinante|tegenpartij naam|begunstigde|rubrik
        |butikk|selite|kauppias|szczegóły|odbiorca zleceniodawca|zpráva pro mne|názov protistrany|kereskedő|comerciant
        |получатель|svrha plaćanja|primatelj|prejemnik|פרטי התנועה|שם בית העסק|利用先|对方名称|交易描述|받는분|berita
        |butiran
        |nội dung giao dịch|mô tả giao dịch|คำอธิบาย|merchant description""",
    "amount": """amount|transaction amount|txn amount|tran amount|amt|value|betrag|umsatz|montant
        |montant de l operation|bedrag|transactiebedrag|valor|valor do movimento|quantia|importe
        |importe de la operacion|importo|importo operazione|belop|belob|belopp|amount debit credit
        |debit credit amount|monto|määrä|summa|maara|kwota|kwota operacji|kwota transakcji|částka
        |objem|castka|čiastka|suma|összeg|tranzakció összege|sumă|valoare|tutar|işlem tutarı|сумма
        |сумма операции|сумма платежа|сума|ποσό|ποσό συναλλαγής|iznos|znesek|upphæð|金額|取引金額
        |入出金|入出金額|ご利用金額|利用金額|出入金額 円|金额|交易金额|收支金额|거래금액|금액|jumlah
        |nominal|mutasi|số tiền|so tien|số tiền giao dịch|จำนวนเงิน|ยอดเงิน|المبلغ|مبلغ|סכום|סכום חיוב
        |billing amount|billed amount|settlement amount|account amount|booked amount
        |amount in account currency|betrag in kontowährung|valor total|gross|gross amount|total|brutto
        |credit debit amount|importe total|сумма в валюте счета|сума в валюті картки|buchungsbetrag
        |lastschrift gutschrift|charge amount|transaction value|kwota w walucie rachunku
        |částka v měně účtu|importe eur|valor lançamento|sum|payout|summe|somme|cantidad|montante|ammontare|meblağ
        |wert|قيمة العملية|发生额|交易额|nilai|amaun|giá trị|số tiền gd|halaga|kiasi|shuma|राशि""",
    "other_amount": """currency amount|local amount|original amount|foreign amount
        |amount foreign currency|foreign currency amount|orig amount|instructed amount|ursprungsbetrag
        |originalbetrag|fremdwährungsbetrag|betrag in fremdwährung|lastschrift ursprungsbetrag
        |montant d origine|montant devise|montant en devise|oorspr bedrag|oorspronkelijk bedrag
        |importe original|importe en divisa|importo originale|importo in divisa|utl belopp
        |utländskt belopp|valutabelopp|originalbelopp|opprinnelig beløp|valutabeløp|oprindeligt beløb
        |alkuperäinen määrä|alkuperäinen summa|kwota oryginalna|kwota w walucie|původní částka
        |částka v původní měně|original transaction amount|merchant amount|amount in foreign currency
        |foreign spend amount|source amount|target amount|valor original|valor em us|orijinal tutar
        |сумма в валюте операции|сумма операции в валюте|сума в валюті операції
        |сума в валюті транзакції|сума операції|сума у валюті транзакції|現地通貨額|現地金額|外币金额
        |交易币种金额|外貨金額|סכום עסקה|סכום מקורי|einzelbetrag|eredeti összeg
        |amount in transaction currency|wisselkoers bedrag|ποσό σε νόμισμα|payment amount foreign
        |purchase amount in foreign currency|monto original|monto usd origen""",
    "other_currency": """local currency|original currency|foreign currency|type foreign currency
        |orig currency|ursprungswährung|originalwährung|fremdwährung|devise d origine|devise origine
        |oorspr munt|oorspronkelijke valuta|divisa original|moneda original|valuta originale
        |moeda original|utländsk valuta|originalvaluta|opprinnelig valuta|alkuperäinen valuutta
        |waluta oryginalna|původní měna|source currency|target currency|merchant currency
        |instructed currency|currency of transaction|валюта операции|валюта операції|валюта транзакції
        |orijinal para birimi|現地通貨略称|原始币种|מטבע מקורי|מטבע עסקה|eredeti devizanem devizaneme
        |source fee currency|target fee currency|fee currency""",
    "debit": """払出金額|払出|お引出金額|提|debit|debits|debit amount|debit amt|debit montant
        |withdrawal|withdrawals|withdrawal amt|withdrawal amount|amount debited|money out|paid out
        |payments out|out|outgoing|soll|belastung|lastschrift|lastschriften|montant debit|debito
        |debitos|valor debito|saida|saidas|cargo|cargos|gasto|gastos|debe|addebiti|addebito|uscite
        |uscita|dare|ut|ut av konto|ut fra konto|uttag|ud|udbetaling|utbetaling|uit|debet|afschrijving
        |af|dr|dr amount|spent|withdrawal dr|debit dr|depenses|depense|amount out|ausgang|ausgänge
        |ausgaben|obciążenia|obciążenie|kwota obciążenia|wypłaty|wydatki|odchozí|výdaje|výdaj|na vrub
        |terhelés|borç|çıkan|giden|çykdajy|gider|расход|списание|списано|дебет|дебит|витрати|видаток|χρέωση
        |χρεώσεις|isplate|isplata|duguje|terećenje|breme|odliv|deebet|debets|debetas|出金|出金額
        |お引出し|お支払金額|支払い金額|お支払い金額|引出額|支払金額|出金金額 円|支出|支出金额|借方
        |借方金额|借方发生额|支出金額|提款|출금|출금액|출금금액|찾으신금액|보내신금액|debit idr|nợ debit|ghi nợ
        |nợ|phát sinh nợ|tiền ra|số tiền ghi nợ|debit amount vnd|ถอน|ถอนเงิน|เดบิต|مدين|חובה
        |amount paid|withdraw|retiros|retiro|egresos|egreso|cargos clp|cargo $|cheques y otros cargos
        |débitos|saídas|levantamentos|pagamentos|expense|expenses|withdrawn|kiadás|cheltuieli
        |belastungen|sorties|sortie|salidas|salida|hævet|winien|odepsáno|má dáti|tartozik|ieșiri|plăți
        |изходящи|αναλήψεις|rashod|odhodki|väljaminek|izdevumi|išlaidos|išėjo|çekilen|خصم|משיכה|引落金額
        |轉出|转出|keluar|pengeluaran|số tiền rút|chi|เงินออก|dalje|cash out|debited
        |money out gbp|otto|tilinotot|veloitus|withdrawals dr""",
    "credit": """受入金額|受入|お預入金額|存|存入|credit|credits|credit amount|credit amt
        |credit montant|deposit|deposits|deposit amt|deposit amount|amount credited|money in|paid in
        |payments in|in|incoming|haben|gutschrift|gutschriften|montant credit|credito|creditos
        |valor credito|entrada|entradas|abono|abonos|ingreso|ingresos|haber|accrediti|accredito
        |entrate|entrata|avere|inn|inn pa konto|insattning|ind|indbetaling|innbetaling|kredit
        |bijschrijving|bij|cr|cr amount|received|deposit cr|credit cr|lodgements|recettes|recette
        |amount in|eingang|eingänge|einnahmen|uznania|uznanie|kwota uznania|wpłaty|wpływy|příchozí
        |příjmy|příjem|ve prospěch|jóváírás|alacak|girdeji|giren|gelen|gelir|приход|поступление|зачисление
        |зачислено|кредит|надходження|πίστωση|πιστώσεις|uplate|uplata|potražuje|odobrenje|dobro|priliv
        |kreedit|kredīts|kreditas|入金|入金額|お預入れ|お預り金額|預かり金額|預入額|預り金額
        |入金金額 円|收入|收入金额|贷方|贷方金额|贷方发生额|收入金額|存款|입금|입금액|입금금액
        |맡기신금액|받으신금액|ghi có|có credit|có|phát sinh có|tiền vào|số tiền ghi có|ฝาก|ฝากเงิน|เครดิต|دائن
        |זכות|amount received|lodgement|depósitos|depósito|depositos y abonos|abonos clp
        |entrée|entrées|indsat|panot|připsáno|dal|követel|intrări|доходы|зарахування|входящи|καταθέσεις
        |prihod|prihodki|sissetulek|ieņēmumi|pajamos|įėjo|yatan|إضافة|הפקדה|振込金額|轉入|转入|masuk
        |pemasukan|kemasukan|số tiền gửi|thu|รายรับ|รับ|เงินเข้า|arkëtime|cash in|credited|payments received
        |depósitos y otros abonos|créditos|receipts|receipt|income|deposited|bevétel|încasări|pano
        |tilipanot|hyvitys""",
    "net": "net|net amount|netto|nettobetrag|montant net|importe neto|valor líquido|net value|net total|净额",
    "fee": """fee|fees|fee amount|total fees|transaction fee|processing fee|commission|charge
        |charges|gebühr|gebühren|entgelt|frais|commissions|kosten|comision|comisión|comisiones
        |commissione|commissioni|tarifa|taxa|taxas|avgift|gebyr|palvelumaksu|opłata|prowizja|poplatek
        |díj|jutalék|comision bancar|komisyon|комиссия|комісія|προμήθεια|provizija|手数料|手续费
        |costo|comissão|comissões|coste|kostnad|omkostninger|mokesčiai|komision|service charge|spesen|spese|kulu|такса
        |teenustasu|komisija|mokestis|biaya admin|caj
        |수수료|biaya|phí|ค่าธรรมเนียม|bank charges|fee charged|service fee|source fee amount""",
    "mark": """dr cr|cr dr|debit credit|credit debit|debit or credit|credit debit indicator|cdi
        |d k|balance impact|debit credit indicator|af bij|soll haben|s h|debet credit|d c|c d
        |indicator|sens|type|transaction type|txn type|tipo|typ|art|details|direction|richtung
        |umsatztyp|money in out|in out|credit debit flag|crdr|drcr|cr dr indicator|deebet kreedit
        |d k c|in uit|tipo de movimento|tipo movimiento|tipo de movimiento|naturaleza|dc|debet kredit
        |收 支|收支|收支类型|借贷标志|借贷|入払区分|入出金区分|거래구분|구분|구분 입출금|borç alacak
        |b a|db cr|type of transaction|transaction indicator|debit credit mark|d h|kierunek|směr
        |tip tranzactie|subcategory|sign|flow|tran type|wn ma|credit debit code|transaktionstyp|típus
        |jellege|segno|má dáti dal|t j|дт кт|入払|借貸|收支別|입출금|입출금구분|입 출|znak""",
    "status": """balance impact|etat|status|state|transaction status|booking status
        |payment status|zustand|estado|situação|situacao|stato|statut|tila|stav|stan|durum
        |işlem durumu|статус|статус операції|交易状态|当前状态|状态|状況|取引状況|상태|거래상태
        |κατάσταση|állapot|stare|contabilizzazione|buchungsstatus|umsatzstatus|tapahtuman tila|hali
        |trạng thái|สถานะ|الحالة|סטטוס|info|състояние|стан|olek|statuss|būsena|승인여부""",
    "balance": """現在 貸付 高|現在高|結餘|салдо|balance|closing balance|running balance
        |available balance|account balance|ledger balance|balance amt|balance amount|saldo|solde
        |kontostand|saldo nach buchung|saldo contable|saldo apos|saldo apos movimento
        |saldo disponibile|saldo final|saldo contabilistico|bokfort saldo|saldo na mutatie
        |saldo na boeking|disponibel saldo|bogfort saldo|bal|running bal|saldo na trn|disponible
        |accountbalance|saldo po operacji|saldo po transakcji|saldo po|zůstatek|zůstatek po transakci
        |zostatok|zostatok po transakcii|egyenleg|könyvelt egyenleg|sold|sold contabil|bakiye|galyndy|остаток
        |остаток средств|баланс|залишок|залишок після операції|υπόλοιπο|λογιστικό υπόλοιπο|stanje|jääk|guthaben
        |atlikums|likutis|staða|残高|差引残高|取引後残高|取扱後残高|余额|账户余额|交易后余额|本次余额
        |餘額|잔액|거래후잔액|거래 후 잔액|잔고|saldo akhir|số dư|so du|ยอดคงเหลือ|คงเหลือ|الرصيد|יתרה
        |יתרה בש ח|tilin saldo|saldo actual|net balance|balance after|balance after transaction
        |tx balance|available|behållning|disponibelt|stan konta|stav účtu|balansas|남은금액|baki|baki akaun
        |số dư sau gd|số dư cuối|số dư khả dụng|số dư sau giao dịch|số dư hiện tại|ยอดเงินในบัญชี|salio|bilanci
        |current bal|remaining balance|end bal""",
    "currency": """currency|currency code|account currency|transaction currency|ccy|curr|wahrung
        |waehrung|devise|monnaie|munt|muntsoort|valuta|moeda|moneda|divisa|divisa importe|valutakod
        |valutakode|valuutta|waluta|měna|mena|deviza|devizanem|valutacode|pénznem|valută
        |valuta contului|валута|vrsta valute|vrsta na valuta|kode mata uang|valuuta|valas|matawang|monedha|sarafu
        |vääring|para birimi|döviz|döviz cinsi|валюта|валюта картки|νόμισμα|valiuta|valūta
        |gjaldmiðill|通貨|币种|货币|통화|mata uang|tiền tệ|loại tiền|สกุลเงิน|العملة|מטבע
        |billing currency|settlement currency|cur|kontowährung|währung konto|currency symbol
        |valuta conto|divisa cuenta""",
    "account": """account|account number|account no|account name|auftragskonto|konto|kontonummer
        |iban auftragskonto|rekening|rekeningnummer|compte|numero de compte|conta|cuenta|conto
        |iban bban|bank account|rachunek|numer rachunku|účet|számlaszám|hesap|hesap no|account id
        |card number|kartennummer|accountnum""",
    "rate": """exchange rate|rate|wechselkurs|kurs|umrechnungskurs|taux de change|taux|koers
        |wisselkoers|tipo de cambio|cambio|tasso di cambio|växelkurs|valutakurs|valuuttakurssi|kurz
        |árfolyam|curs|kur|курс|換算レート|汇率|fx rate""",
}  # fmt: skip
