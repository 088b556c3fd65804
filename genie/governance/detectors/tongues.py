"""What prompt injections say in other languages: classes of words as data, and the same ways of combining them.

Words are written as people write them; they are folded like text before they become patterns, letter by letter in both
cases, because a letter may look like a Latin one in one case only. A space stands for what stands between words and
``<3>`` for up to three words; in scripts without spaces ``<3>`` is up to three times four characters.
"""
# ruff: noqa: E501, RUF001 - a table of one row a class; foreign letters are its content

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

from genie.governance.folding import fold


class Tongue(NamedTuple):
    """The words of one language, as alternatives separated by ``|``; an empty class drops its rows."""

    code: str
    drop: str
    """ignore, forget, do not follow"""
    earlier: str
    orders: str
    your: str = ""
    everything: str = ""
    told: str = ""
    """you were told, stands above"""
    show: str = ""
    secret_prompt: str = ""
    """system prompt, hidden instructions"""
    secret: str = ""
    """password"""
    you_are_now: str = ""
    from_now: str = ""
    free: str = ""
    """without limits, uncensored"""
    machine: str = ""
    hush: str = ""
    """without telling the user"""
    void: str = ""
    """no longer apply"""
    send: str = ""
    data: str = ""
    word_first: bool = True
    """True where a verb stands before its object; else both orders are tried."""
    spaced: bool = True


_GERMAN = Tongue(
    "de",
    "ignorier(?:e|en|t|st)?|vergiss|vergesst|vergessen|missachten?|missachtet|übergehen?|überschreiben?|umgehen?|lass|lassen sie|(?:beachte|befolge|folge|halte)n? <3>nicht|verwirf|verwerfen|streiche",
    "vorherig(?:e|en|er)|bisherig(?:e|en|er)|vorangegangenen?|vorigen?|obigen?|früheren?|ursprünglichen?|vorgegebenen?|alten?|zuvor|vorher|davor|vorhin|letzten?|gegebenen|voranstehenden|bisher|oben|eben",
    "anweisung(?:en)?|instruktion(?:en)?|befehle?n?|regeln?|vorgaben?|richtlinien?|prompts?|aufträge|auftrag|aufgaben?|anordnungen|beschränkungen|anleitung(?:en)?|systemprompts?|programmierung|weisungen",
    "deine[nrms]?|ihre[nrms]?|dein|eure|alle|sämtliche|jegliche|jede",
    "alles|alle|was|das (?:bisherige|obige|alles|ganze)",
    "gesagt|gelernt|aufgetragen|steht|stand|weisst|mitgeteilt|davor|vorher|bisher|zuvor|oben|trainiert|programmiert|gelesen|befohlen|obige|hast|obigen|geschrieben",
    "zeige?n?|verrate?n?|gib|gebt|geben|nennen?|wiederhole?n?|enthüllen?|offenbaren?|schreibe?n?|drucke?|sag|sage|liste|zitiere?n?|übersetze?n?|kopiere?n?|lautet?|lauten|ausgeben|gebe|welche|was (?:sind|ist|steht)",
    "system ?-?prompts?|systemanweisung(?:en)?|systemnachricht|system ?message|(?:ursprünglichen?|geheimen?|internen?|initialen?|anfänglichen?|versteckten?|exakten?|gesamten?|kompletten?|vollständigen?|ganzen?) <1>(?:anweisung(?:en)?|prompts?|instruktion(?:en)?)|prompt ?texte?|deines prompts|(?:deine?n?|alle|ihre?n?|dein) <1>(?:prompts?|instruktionen|anweisungen|eingabeaufforderung)|im prompt|in deinem prompt",
    "passwort|passworts|kennwort|geheimwort|geheimnis|geheime schlüssel|api ?-?schlüssel|zugangsdaten|losungswort",
    "du bist (?:jetzt|nun|ab jetzt|ab sofort|ab nun|nicht mehr|kein)|du spielst|stell dir vor du (?:bist|wärst)|tu so als|handle als|verhalte dich <2>(?:als|wie)|ich möchte dass du (?:dich|als|so)|ich will dass du|agiere als|sie sind (?:jetzt|nun)|spiele die rolle|du agierst",
    "(?:ab (?:jetzt|sofort|nun)|von nun an) (?:bist|gelten|antwortest|sollst|musst|darfst|antworte|heisst|gilt|befolgst|sagst|wirst)",
    "ohne (?:jegliche |jede |irgendwelche )?(?:einschränkung(?:en)?|regeln|filter|zensur|grenzen|beschränkung(?:en)?|moral)|keine(?:rlei)? (?:regeln|einschränkungen|filter|grenzen|beschränkungen|moral)|uneingeschränkte?[rs]?|unzensierte?[rs]?|ungefilterte?[rs]?|böse[rs]? (?:ki|assistent|zwilling)|dan\\b",
    "ki|ai|assistent|chatbot|sprachmodell|bot|modell|künstliche intelligenz|agent",
    "ohne (?:den|die|der|dem|das) (?:nutzer|benutzer|anwender|nutzerin|user) <2>(?:zu|fragen|informieren)|sag(?:e|en)? (?:dem|der|es dem) <1>(?:nutzer|benutzer|user|anwender) nichts|(?:nicht|nichts) <3>(?:dem|den|gegenüber dem) (?:nutzer|benutzer|user) (?:erwähnen|sagen|mitteilen|verraten)",
    "hinfällig|ungültig|gelten nicht (?:mehr|länger)|gilt nicht (?:mehr|länger)|ausser kraft|aufgehoben|nichtig|nicht mehr gültig",
    "send(?:e|en|et)|schick(?:e|en|t)|überweise[n]?|leite|leiten|übermittle",
    "daten|kundendaten|passwörter|passwort|zugangsdaten|verlauf|kontakte|kontostand|posteingang|kontodaten|gespräch",
)
_FRENCH = Tongue(
    "fr",
    "ignore[zr]?|ignores|oublie[zrs]?|néglige[zr]?|ne (?:tiens|tenez|tenir) <2>compte|fai(?:s|tes) abstraction|ne (?:suis|suivez|respecte|respectez) (?:pas|plus)|désobéi[st]|désobéissez|contourne[zr]?|laisse tomber|abandonne[zr]?|arrête de suivre|cesse de suivre|passe outre",
    "précédente?s?|antérieure?s?|dessus|initiale?s?|système|préalables?|reçue?s?|données|avant|actuelles|originales|ci dessus|d origine|anciennes",
    "instructions?|consignes?|règles?|directives?|ordres?|prompts?|indications|commandes|restrictions|contraintes|limites|programmation",
    "tes|vos|ton|votre|toutes les|tous les|toutes|les",
    "tout|tous|toutes|ce qu(?:e|i|on)?|tout ce qu(?:e|i)?",
    "dit|demandé|appris|précède|avant|dessus|expliqué|donné|reçu|ordonné|avais|avez|sais|programmé|écrit",
    "montre[zr]?|affiche[zr]?|révèle[zr]?|donne[zr]?|répète[zr]?|divulgue[zr]?|dis|dites|recopie[zr]?|écri(?:s|vez|re)|liste[zr]?|traduis|cite[zr]?|imprime[zr]?|partage[zr]?|communique[zr]?|quel(?:le)?s? (?:est|sont)",
    "(?:prompt|message|invite|consigne|instructions?) (?:du |de |de ton )?système|(?:instructions?|consignes?|prompt|règles) (?:système|initiale?s?|cachée?s?|secrètes?|secrets?|internes?|d origine|de départ)|(?:ton|votre) (?:prompt|invite)|(?:tes|vos) (?:instructions|consignes|directives)|texte qui précède|mot pour mot <4>(?:message|instructions|prompt)|prompt système",
    "mot de passe|secret|clé api|clé secrète|mot secret|code secret|identifiants",
    "tu es (?:maintenant|désormais|à présent|dorénavant|plus)|tu joues|fais comme si|faites comme si|imagine que tu|comporte toi|agis comme|je veux que tu (?:agisses|sois|fasses|joues)|vous êtes (?:maintenant|désormais)|tu n es plus|prétends|joue le rôle",
    "(?:à partir de maintenant|désormais|dorénavant|dès maintenant) (?:tu|vous|réponds|répondez|ton|tes|ignore|obéis)",
    "sans (?:aucune? )?(?:restrictions?|limites?|filtres?|censure|règles?|contraintes?|morale)|non censurée?|(?:aucune?|pas de|plus de|plus aucune?) (?:restrictions?|limites?|filtres?|règles?|consignes?|censure)|ne refuse (?:jamais|rien)|libre de tout|dan\\b|maléfique|jamais reçu de consignes",
    "ia|ai|assistante?|chatbot|modèle|intelligence artificielle|agent|robot|machine",
    "sans (?:le |la |l |en )?(?:dire|avertir|informer|prévenir|parler|demander|mentionner) <3>(?:utilisateur|l utilisateur|client)|n en (?:parle|parlez) pas|ne (?:dis|dites|mentionne) (?:rien|pas) <2>(?:utilisateur)",
    "nulles?|caduques?|ne s appliquent plus|ne sont plus valables|annulées?|révoquées?|obsolètes|invalides",
    "envoie[zs]?|envoyez|transfère[zr]?|transmets|transmettez|poste[zr]?",
    "données|mots de passe|identifiants|historique|contacts|boîte de réception|solde|conversation|clés",
)
_SPANISH = Tongue(
    "es",
    "ignora[dr]?|ignore|ignores|olvida[dr]?|olvide|olvídate|omite|descarta|desobedece|no (?:sigas|obedezcas|hagas caso)|haz caso omiso|deja de (?:lado|seguir|obedecer)|pasa por alto|salta|sáltate|elude|anula|abandona",
    "anteriores|anterior|previas|previos|previa|iniciales|inicial|sistema|arriba|antes|originales|actuales|recibidas|dadas|precedentes|existentes|viejas",
    "instrucciones|instrucción|órdenes|reglas|indicaciones|directrices|directivas|prompts?|normas|pautas|restricciones|consignas|comandos|políticas|programación|limitaciones",
    "tus|sus|tu|todas las|todas|todos los|vuestras|cualquier|las|los",
    "todo|todos|todas|lo que|cuanto|todo lo que",
    "dijeron|dicho|enseñaron|antes|arriba|anterior|ordenaron|pidieron|dieron|sabes|aprendiste|escrito|hasta ahora|han dado|enseñado|programaron|te dije",
    "muestra(?:me)?|muéstrame|revela(?:me)?|dime|dinos|imprime|repite|enséñame|escribe|copia|lista|comparte|dame|di|traduce|cita|muestre|cuál es|cuáles son|qué (?:dice|dicen|son)|transcribe|dar",
    "(?:prompt|mensaje|indicación|instrucciones|instrucción) (?:del |de |de tu )?sistema|prompt inicial|(?:instrucciones|reglas|órdenes) (?:del sistema|iniciales|ocultas|secretas|originales|internas)|tu (?:prompt|configuración|programación)|tus (?:instrucciones|directrices|órdenes)|(?:instrucciones|órdenes) <2>(?:te|le) (?:dieron|han dado)|palabra por palabra <4>(?:instrucciones|mensaje|prompt|texto)|texto (?:anterior|de arriba)",
    "contraseña|clave secreta|palabra secreta|secreto|clave api|credenciales|clave de acceso",
    "(?:ahora|ya) (?:eres|no eres|actúas)|eres ahora|actúa como|actúe como|finge (?:que|ser)|imagina que eres|haz como si|quiero que (?:actúes|seas|finjas|te comportes)|compórtate|interpreta el papel|ya no eres|haz de|simula",
    "(?:a partir de ahora|desde ahora|de ahora en adelante|desde este momento) (?:eres|responde|responderás|tu|actúa|actuarás|solo|vas|debes|no|te|harás|ignora|obedece|obedecerás)",
    "sin (?:ningún |ninguna )?(?:restricciones|restricción|límites?|filtros?|censura|reglas|normas|limitaciones|ética|moral)|no (?:tienes?|obedece|sigue|hay|tiene) <1>(?:reglas?|restricciones|límites|normas|filtros)|malvado|ningun[ao] <1>(?:reglas?|restricción|límites?|normas?|filtros?)|dan\\b",
    "ia|ai|asistente|chatbot|modelo|inteligencia artificial|agente|bot|máquina",
    "sin (?:decir(?:le|lo|selo)?|avisar(?:le)?|informar(?:le)?|preguntar(?:le)?|notificar(?:le)?|mencionar(?:lo)?|consultar(?:le)?) <3>(?:usuario|cliente)|no (?:avises|informes|digas|menciones|preguntes|notifiques|lo menciones|se lo digas) <3>(?:usuario|cliente)",
    "anuladas?|inválidas?|ya no (?:se aplican|valen|aplican|son válidas|cuentan|sirven)|quedan sin efecto|obsoletas|revocadas|canceladas",
    "envía(?:me|los|las)?|envíe|manda|reenvía|transmite|transfiere",
    "datos|contraseñas|credenciales|historial|contactos|bandeja|saldo|conversación|claves",
)
_PORTUGUESE = Tongue(
    "pt",
    "ignor(?:e|a|ar|em|es)|esque(?:ça|ce|cer|çam|ças)|desconsider(?:e|a|ar|em)|descart(?:e|a)|desobedeça|não (?:siga|sigas|obedeça|respeite|leve)|deixe de (?:lado|seguir)|pare de seguir|burle|contorne|desrespeite|abandone|anule",
    "anteriores|anterior|prévias|prévios|acima|iniciais|inicial|sistema|recebidas|dadas|originais|antes|atuais|existentes|passadas",
    "instruções|instrução|ordens|regras|orientações|diretrizes|comandos|prompts?|normas|restrições|diretivas|políticas|limitações|programação|indicações",
    "tuas|suas|tua|sua|seu|teu|todas as|todas|todos os|quaisquer|as|os",
    "tudo|todas|todos|o que|tudo o que|aquilo que|tudo que",
    "disseram|dito|ensinaram|antes|acima|anterior|ordenaram|pediram|foi dado|mandaram|sabe|aprendeu|escrito|até agora|até aqui|instruído|programaram",
    "mostre|mostra|revele|revela|diga|dize|diz|imprima|repita|repete|exiba|escreva|escreve|copie|copia|liste|compartilhe|forneça|traduza|cite|me dê|dê|informe|quais são|qual é|transcreva",
    "(?:prompt|mensagem|instruções|instrução|comando) (?:do |de |de seu )?sistema|prompt inicial|(?:instruções|regras|ordens) (?:do sistema|iniciais|ocultas|secretas|originais|internas)|(?:teu|seu|o teu|o seu) prompt|(?:suas|tuas) (?:instruções|diretrizes|ordens|regras)|(?:sua|tua) (?:programação|configuração)|texto (?:acima|anterior)|palavra por palavra <4>(?:instruções|mensagem|prompt|texto)",
    "senha|palavra secreta|palavra passe|segredo|chave (?:secreta|api|de api)|credenciais",
    "(?:agora )?(?:você é|tu és) agora|agora (?:você é|tu és|você não é|você está)|você agora é|aja como|finja (?:que|ser)|imagine que você é|faça de conta|quero que você (?:aja|seja|finja|se comporte)|comporte se|interprete o papel|você não é mais|simule|atue como",
    "(?:a partir de agora|de agora em diante|daqui em diante|doravante|desde agora) (?:você|tu|responda|responde|suas?|só|seu|aja|ignore|não|obedeça|serás|és)",
    "sem (?:nenhuma? |qualquer |quaisquer )?(?:restrições|restrição|limites?|filtros?|censura|regras|normas|limitações|ética|moral)|não (?:tem|segue|obedece|há|possui) <1>(?:regras?|restrições|limites|filtros|normas)|nenhuma? <1>(?:regra|restrição|limite|filtro)|malvad[oa]|dan\\b",
    "ia|ai|assistente|chatbot|modelo|inteligência artificial|agente|bot|robô|máquina",
    "sem (?:avisar|informar|perguntar|contar|dizer|notificar|mencionar|consultar) <3>(?:usuário|utilizador|cliente)|não (?:avise|informe|conte|diga|mencione|pergunte) <3>(?:usuário|utilizador|cliente)",
    "anuladas?|inválidas?|não (?:valem mais|se aplicam|são mais válidas|valem|contam)|sem efeito|obsoletas|revogadas|canceladas",
    "envi(?:e|a|ar)|mande|manda|reencaminhe|encaminhe|transmita|transfira",
    "dados|senhas|credenciais|histórico|contatos|caixa de entrada|saldo|conversa|chaves",
)
_ITALIAN = Tongue(
    "it",
    "ignora(?:re|te)?|ignori|dimentica(?:re|te|ti)?|dimentichi|trascura(?:re)?|non (?:seguire|considerare|rispettare|tenere|tener|obbedire)|disobbedisci|tralascia|scorda(?:ti)?|lascia (?:perdere|stare)|aggira|annulla|abbandona|non tenere conto|smetti di seguire",
    "precedenti|precedente|sopra|iniziali|iniziale|sistema|ricevute|date|originali|prima|attuali|esistenti|anteriori|passate",
    "istruzioni|istruzione|regole|ordini|direttive|indicazioni|comandi|prompt|linee guida|restrizioni|consegne|vincoli|limitazioni|disposizioni|programmazione",
    "tue|tuoi|sue|suoi|tua|tuo|tutte le|tutte|tutti gli|le|gli|qualsiasi",
    "tutto|tutte|tutti|ciò che|quello che|quanto|tutto quello che|tutto ciò che",
    "detto|stato detto|prima|sopra|insegnato|ordinato|chiesto|hanno detto|precede|scritto|finora|sai|imparato|programmato",
    "mostra(?:mi)?|mostrami|rivela(?:mi)?|dimmi|stampa|ripeti|scrivi|copia|elenca|condividi|dammi|traduci|cita|riporta(?:lo|mi)?|fammi vedere|qual è|quali sono|svela|dicci",
    "(?:prompt|messaggio|istruzioni) (?:di |del |dal )?sistema|prompt iniziale|(?:istruzioni|regole) (?:di sistema|iniziali|nascoste|segrete|originali|interne)|(?:tuo|il tuo) prompt|(?:tue|le tue) (?:istruzioni|direttive|regole)|testo (?:sopra|precedente|che precede)|parola per parola <4>(?:istruzioni|prompt|messaggio)",
    "password|parola segreta|parola d ordine|segreto|chiave (?:segreta|api)|credenziali",
    "(?:ora|adesso) (?:sei|non sei)|sei (?:ora|adesso)|fai finta|fingi (?:di|che)|immagina di essere|comportati|agisci come|voglio che tu (?:agisca|sia|finga)|non sei più|interpreta il ruolo|recita la parte|simula",
    "(?:da ora in poi|d ora in poi|da adesso|da questo momento|a partire da ora) (?:in poi )?(?:sei|rispondi|risponderai|tu|devi|non|agisci|ignora|obbedisci|il tuo|le tue|solo)",
    "senza (?:alcun[ao]? |nessun[ao]? )?(?:restrizioni|restrizione|limiti|limite|limitazioni|filtri|filtro|censura|regole|etica|morale)|non (?:ha|hai|avessi|segue|ci sono) <1>(?:regole|restrizioni|limiti|filtri)|malvagi[ao]|dan\\b",
    "ia|ai|assistente|chatbot|modello|intelligenza artificiale|agente|bot|macchina",
    "senza (?:dirlo|avvisare|informare|chiedere|avvertire|menzionare|parlarne) <3>(?:utente|l utente|cliente)|non (?:dire|dirlo|avvisare|menzionare|informare) <3>(?:utente|cliente)",
    "annullate|non valide|non (?:valgono|si applicano|sono) più|decadute|obsolete|revocate|nulle",
    "invia(?:re|le|li)?|manda|inoltra|trasmetti|trasferisci",
    "dati|password|credenziali|cronologia|contatti|posta|saldo|conversazione|chiavi",
)
_DUTCH = Tongue(
    "nl",
    "negeer|negeren|vergeet|vergeten|sla <3>over|omzeil|overschrijf|volg <3>niet|let niet op|laat <3>vallen|gehoorzaam <3>niet|trek je niets aan",
    "vorige|voorgaande|eerdere|bovenstaande|oorspronkelijke|oude|bestaande|hierboven|eerder|initiële|huidige|gegeven",
    "instructies?|opdrachten?|regels|richtlijnen|bevelen|prompts?|aanwijzingen|voorschriften|beperkingen|taken|commando s|systeemprompt",
    "je|jouw|uw|al je|alle|al jouw|alle andere",
    "alles|wat|al het|al wat",
    "hierboven|eerder|gezegd|verteld|geleerd|hiervoor|staat|tevoren|opgedragen|geschreven|weet|boven",
    "toon|laat <2>zien|onthul|geef|herhaal|vertel|schrijf|print|kopieer|noem|deel|vertaal|wat (?:is|zijn|staat)|lijst",
    "systeem ?-?prompts?|system prompt|systeeminstructies?|(?:oorspronkelijke|geheime|verborgen|interne|initiële|volledige) (?:instructies|prompt|opdracht)|(?:je|jouw) (?:prompt|instructies|systeembericht)|tekst hierboven",
    "wachtwoord|geheime woord|geheime sleutel|geheim|api ?-?sleutel|inloggegevens",
    "je bent (?:nu|vanaf nu|voortaan|geen|niet langer)|doe alsof|stel je voor dat je|gedraag je|speel de rol|ik wil dat je (?:je|doet|als|optreedt)|jij bent nu",
    "(?:vanaf nu|voortaan|van nu af aan|vanaf dit moment) (?:ben|ga|antwoord|moet|zul|zeg|reageer|luister|gelden|negeer|doe)",
    "zonder (?:enige |welke )?(?:beperkingen|regels|filters?|censuur|grenzen|moraal)|geen (?:enkele )?(?:regels|beperkingen|filters|grenzen|censuur|moraal)|ongecensureerde?|onbeperkte?|ongefilterde?|kwaadaardige?|dan\\b",
    "ai|ki|assistent|chatbot|taalmodel|model|kunstmatige intelligentie|bot|agent",
    "zonder (?:de |het )?(?:gebruiker|klant) <2>(?:te)|(?:vertel|zeg|meld) (?:de|het|dit|niets|niet) <3>(?:gebruiker)",
    "ongeldig|vervallen|gelden niet (?:meer|langer)|nietig|niet meer geldig|ingetrokken",
    "stuur|verzend|verstuur|mail|zend",
    "gegevens|wachtwoorden|inloggegevens|geschiedenis|contacten|inbox|saldo|gesprek|klantgegevens",
)
_RUSSIAN = Tongue(
    "ru",
    "игнорируй(?:те)?|проигнорируй(?:те)?|игнорировать|забудь(?:те)?|забыть|пренебреги|отбрось|отмени|не (?:следуй|следуйте|слушай|выполняй|соблюдай|учитывай)|не обращай(?:те)? внимания на|нарушь|обойди|удали|сбрось|перестань <1>(?:следовать|выполнять)",
    "предыдущ(?:ие|их|ую|ая|ий|ее)|прежн(?:ие|их)|прошл(?:ые|ых)|выше|ранее|раньше|системн(?:ые|ых|ый)|исходн(?:ые|ых)|изначальн(?:ые|ых)|вышеуказанн(?:ые|ых)|данные|первоначальн(?:ые|ых)|вышеизложенн(?:ые|ое)|старые|текущие",
    "инструкци(?:и|ю|й|я|ям|ями)|указани(?:я|й|е|ям)|правил(?:а|о)?|команд(?:ы|у|)|приказ(?:ы|ов)?|промпт(?:ы|а|)?|директив(?:ы|)|ограничени(?:я|й)|установк(?:и|у)|распоряжени(?:я|й)|настройки|задани(?:е|я)|запросы?",
    "свои|твои|все|всех|всю|любые|эти|ваши",
    "все|всё|то|всё то|обо всем|про всё|обо всём",
    "говорили|сказали|сказано|раньше|выше|до этого|было|написано|знаешь|учили|велели|до сих пор|приказали|ранее|просили",
    "покажи(?:те)?|выведи(?:те)?|раскрой(?:те)?|напиши(?:те)?|повтори(?:те)?|скажи(?:те)?|назови|сообщи|распечатай|перечисли|дай|процитируй|переведи|выдай|опубликуй|какой|какие|каков|расскажи",
    "системн(?:ый|ого|ое|ые|ую) (?:промпт|промт|запрос|сообщение|инструкции|подсказку|инструкцию|промта)|(?:свой|твой|весь) <1>(?:промпт|промт|запрос)|(?:свои|твои|скрытые|секретные|исходные|внутренние|начальные|изначальные|тайные) <1>(?:инструкции|указания|правила|директивы)|слово в слово|дословно",
    "пароль|секрет|секретн(?:ое|ый) (?:слово|ключ|код)|ключ api|api ключ|кодовое слово|учетные данные",
    "(?:теперь ты|ты теперь|отныне ты|ты больше не|теперь вы)|представь <2>(?:ты|себя)|притворись|веди себя|сыграй роль|играй роль|я хочу чтобы ты|действуй как|ты играешь|вообрази",
    "(?:с этого момента|отныне|с этой минуты|впредь|начиная с этого момента) (?:ты|отвечай|вы|твои|твоя|все|не|только)",
    "без (?:каких либо |всяких |любых )?(?:ограничений|цензуры|правил|фильтров|запретов|морали|рамок)|(?:нет|никаких|не имеет|не знает|не имеешь) <1>(?:ограничений|правил|запретов|фильтров|цензуры)|злой|неограниченн(?:ый|ая)|дан\\b",
    "ии|ассистент|чат ?бот|модель|искусственный интеллект|помощник|бот|нейросеть|агент",
    "не (?:говори|сообщай|упоминай|рассказывай|спрашивай) <3>(?:пользователю|пользователя|клиенту|об этом)|без (?:ведома|подтверждения|согласия|разрешения) пользователя",
    "недействительны|отменены|не действуют|больше не действуют|утратили силу|аннулированы|не имеют значения",
    "отправь(?:те)?|перешли(?:те)?|вышли|передай|переведи",
    "данные|пароли|историю|контакты|переписку|баланс|ключи|почту",
)
_HINDI = Tongue(
    "hi",
    "भूल (?:जाओ|जाइए|जाएं|जाएँ|जा)|भूलकर|अनदेखा (?:करो|करें|कीजिए|कर)|नज़रअंदाज़ (?:करो|करें|कर|कीजिए)|नजरअंदाज (?:करो|करें|कर|कीजिए)|इग्नोर (?:करो|करें|कर)|मत मानो|न मानें|पालन मत करो|पालन न करें|छोड़ दो|छोड़ दें|उपेक्षा करें|ध्यान मत दो|ध्यान न दें|रद्द करो|रद्द करें",
    "पिछले|पिछली|पहले|पहली|पुराने|ऊपर|उपरोक्त|पूर्व|अब तक|मूल|सारे|सभी|दिए|मिले|शुरुआती",
    "निर्देश(?:ों)?|निर्देशों|आदेश(?:ों)?|नियम(?:ों)?|हिदायत(?:ें|ों)?|प्रॉम्प्ट|दिशानिर्देश(?:ों)?|दिशा निर्देश(?:ों)?|बातें|बातों|प्रतिबंध(?:ों)?|आज्ञा",
    "अपने|अपनी|सभी|सारे|सारी|तुम्हारे|आपके|सब",
    "सब कुछ|सब|सबकुछ|जो कुछ|जो|वह सब|हर बात",
    "बताया|कहा|सिखाया|पहले|ऊपर|लिखा|बोला|पढ़ा|दिया|अब तक",
    "दिखाओ|दिखाइए|दिखाएं|दिखाएँ|बताओ|बताइए|बताएं|बताएँ|लिखो|लिखें|दोहराओ|दोहराएं|प्रिंट|उजागर करो|साझा करो|दे दो|खुलासा|प्रकट|बता",
    "सिस्टम प्रॉम्प्ट|सिस्टम (?:संदेश|निर्देश)|(?:छिपे|छुपे|गुप्त|मूल|शुरुआती|आंतरिक) <1>(?:निर्देश|प्रॉम्प्ट)|(?:अपने|अपना|तुम्हारे|आपके|तुम्हारा) <1>(?:निर्देश|प्रॉम्प्ट|नियम)|शब्दशः",
    "पासवर्ड|गुप्त (?:शब्द|कोड|कुंजी)|गुप्त जानकारी|एपीआई कुंजी|राज़",
    "अब (?:तुम|आप|तू)|तुम अब|आप अब|मान लो कि तुम|कल्पना करो कि तुम|नाटक करो|की तरह (?:व्यवहार|काम) करो|दिखावा करो|मैं चाहता हूँ कि तुम|की भूमिका निभाओ",
    "अब से (?:तुम|आप|सिर्फ़|केवल|तू|मेरी|सिर्फ|तुम्हारे)|आगे से (?:तुम|आप|सिर्फ)",
    "बिना (?:किसी )?(?:रोक|नियम|पाबंदी|प्रतिबंध|सीमा|फ़िल्टर|सेंसर|नियमों)|(?:कोई|किसी) (?:नियम|प्रतिबंध|सीमा|रोक|पाबंदी|फ़िल्टर) <2>(?:नहीं|न)|असीमित|शैतान|dan\\b",
    "एआई|ai|सहायक|चैटबॉट|मॉडल|कृत्रिम बुद्धिमत्ता|बॉट|एजेंट",
    "(?:यूज़र|यूजर|उपयोगकर्ता|उपभोक्ता|ग्राहक) <2>(?:मत|बिना|न|नहीं) <1>(?:बताना|बताओ|बताए|पूछे|बताएं)|(?:बिना) <3>(?:यूज़र|उपयोगकर्ता)",
    "रद्द|अमान्य|लागू नहीं|मान्य नहीं",
    "भेजो|भेजें|भेज दो|ट्रांसफर करो|फॉरवर्ड करो|भेजिए",
    "डेटा|जानकारी|पासवर्ड|बातचीत|इतिहास|संपर्क|बैलेंस|खाता",
    word_first=False,
)
_HINGLISH = Tongue(
    "hi",
    "ignore (?:karo|kar|kar do|kijiye|karein|kare|krdo|maro|karke)|bh?ool (?:jao|jaao|jaiye|ja|jaa)|bhul (?:jao|jaao|jaiye|ja|jaa)|bhoolkar|nazar ?andaz (?:karo|kar|kare|karein)|an?dekha (?:karo|kar|kare|karein)|chh?od (?:do|kar|dijiye)|chhor do|mat maan\\w*|mat mano|follow mat (?:karo|kar)|hata do|dhyan mat do",
    "pich?hl[aei]|pehl[aei]|pahl[aei]|puran[aei]|upar|oopar|sabhi|saare|sare|saari|ab tak|pehle|diye|mile|original|purvakathit",
    "nirdesh(?:on)?|instructions?|niyam(?:on)?|aadesh(?:on)?|adesh|prompts?|rules?|baatein|baaton|baat|hidayat(?:ein)?|guidelines|commands?|restrictions",
    "apne|apni|tumhare|aapke|sab|sabhi|saare|tere",
    "sab kuch|sab|sabkuch|jo kuch|jo|wo sab|sari baatein|sabhi",
    "bola|kaha|bataya|sikhaya|pehle|upar|likha|diya|gaya tha|ab tak|padha|bola gaya",
    "dikha\\w*|bata\\w*|likh(?:o|iye|do)|print karo|dohra\\w*|reveal kar\\w*|de do|share kar\\w*|bolo|kya hai|show kar\\w*",
    "system prompt|system (?:message|instructions)|(?:chhup[ei]|chupe|secret|hidden|gupt|asli|original) <2>(?:nirdesh|instructions|prompt|rules)|(?:apn[aei]|tumhar[aei]|aapk[aei]|ter[aei]) <2>(?:nirdesh|instructions|prompt|system prompt|rules|niyam)",
    "password|secret (?:code|word|key)|gupt (?:code|shabd)|api key|otp",
    "ab (?:tum|aap|tu)|tum ab|aap ab|maan lo (?:ki )?(?:tum|aap)|natak karo|acting karo|ki tarah (?:behave|kaam|jawab|baat)|role (?:play|nibhao)|main chahta hu(?:n)? ki tum|socho ki tum",
    "ab se (?:tum|aap|sirf|tu|meri|tumhare|koi|har)|aage se (?:tum|aap|sirf)",
    "bina (?:kisi )?(?:rok|niyam|pabandi|restrictions?|filter|limit|rules?|censor)|koi (?:rok|niyam|pabandi|restrictions?|filter|limit|rules?) <2>(?:nahi|nahin|nhi|mat)|azaad|shaitan|dan\\b",
    "ai|assistant|chatbot|model|bot|agent",
    "user ko <2>(?:mat|nahi|bina|na) <1>(?:bata\\w*|pata|bole|poochh\\w*)|bina (?:user|bataye|puche|pooche) <3>",
    "radd|cancel|lagu nahi|valid nahi|khatam",
    "bhej(?:o|do|iye| do)?|forward karo|send kar\\w*|transfer kar\\w*",
    "data|details|password|chat|history|contacts|balance|jaankari",
    word_first=False,
)
_CHINESE = Tongue(
    "zh",
    "忽略|无视|忘记|忘掉|忘了|不要理会|不用理会|别理会|不要遵守|不要遵循|不再遵守|不再遵循|抛开|抛弃|绕过|推翻|覆盖|违反|不必遵守|请勿遵守|忽視|無視|不用管|别管|不要管|停止遵循|停止执行|清除|跳过|放弃|取消",
    "之前|以前|上面|以上|先前|此前|前面|原来|原有|上述|最初|系统|既定|现有|早先|原先|初始|上文",
    "指令|指示|提示词|提示|规则|命令|要求|限制|约束|设定|说明|规定|准则|指导|方针|系统提示|任务|设置|内容|指引|规矩|安全策略",
    "你的|您的|你所有的|所有|全部|一切|任何|你",
    "所有|一切|全部|所有的|所有内容|所有事情",
    "告诉|教|说过|之前|上面|以上|内容|学到|收到|对话|前面",
    "显示|展示|输出|打印|告诉我|透露|泄露|泄漏|重复|复述|写出|给我看|列出|公开|说出|翻译|揭示|提供|发给我|返回|是什么|原样|逐字",
    "系统提示词?|系统提示语|系统指令|系统消息|系统信息|提示词|初始(?:提示|指令|设定)|隐藏(?:的)?(?:指令|提示|规则)|(?:你的|您的)(?:指令|提示|规则|设定|内部指令|初始指令|系统提示|原始指令|系统设定)|原始指令|内部(?:指令|规则|设定)|上面的(?:所有)?(?:文字|内容|文本)",
    "密码|口令|暗号|秘密|密钥|api ?key|api密钥|凭证|机密信息",
    "你现在是|现在你是|你不再是|从现在(?:开始|起)你|假装你|假设你是|想象你是|扮演|请你扮演|装作|你将扮演|进入开发者模式|开发者模式|越狱模式|我要你扮演|模拟",
    "从现在(?:开始|起)",
    "没有(?:任何)?(?:限制|规则|约束|审查|道德|过滤)|不受(?:任何)?(?:限制|约束|规则|审查|控制)|无限制|无审查|不会拒绝|不得拒绝|邪恶|摆脱|没有任何道德|\\bdan\\b",
    "人工智能|\\bai\\b|助手|聊天机器人|模型|机器人|语言模型|智能体",
    "(?:不要|别|无需|不用|不必)(?:告诉|通知|提醒|询问|告知)(?:用户|客户)|不(?:告知|通知|询问|告诉)用户",
    "作废|无效|失效|不再(?:有效|适用|生效)|已被(?:取消|废除|撤销)",
    "发送|发到|转发|上传|传送|寄到|发给",
    "数据|资料|密码|聊天记录|对话|联系人|余额|密钥|信息",
    word_first=False,
    spaced=False,
)
_JAPANESE = Tongue(
    "ja",
    "無視し|無視せ|忘れて|忘れろ|忘れなさい|無視する|従わない|従うな|破棄し|取り消し|無効に|捨て|従わずに|解除し",
    "これまで|以前|上記|前の|先ほど|今まで|以上|最初|元の|既存|前述|すべて|全て|システム",
    "指示|命令|プロンプト|ルール|規則|制約|制限|設定|ガイドライン|内容|方針|ポリシー",
    "あなたの|君の|お前の|すべての|全ての|あらゆる",
    "すべて|全て|全部|何もかも|ことは",
    "言われた|教えられた|これまで|以前|上記|前|聞いた|学んだ",
    "教えて|表示し|見せて|出力し|明かし|開示し|繰り返し|書いて|公開し|リストし|示して|漏らし|翻訳し|何です|そのまま",
    "システムプロンプト|システムメッセージ|(?:初期|最初の|隠された|秘密の|内部)(?:指示|プロンプト|命令|設定)|(?:あなたの|君の)(?:指示|プロンプト|命令|設定|ルール)|上記の(?:文章|テキスト|内容)をそのまま",
    "パスワード|合言葉|秘密の言葉|秘密の鍵|apiキー|シークレット|暗証番号",
    "あなたは今|あなたは今から|今からあなたは|これからあなたは|あなたはもう|のふりをし|になりきって|として振る舞|を演じて|として行動し",
    "(?:今から|これから|今後)",
    "制限のない|制限なし|制約のない|無制限|検閲なし|何の制限も|ルールのない|規則に縛られ|倫理のない|フィルターなし|拒否しない|制限がない|制限されない|\\bdan\\b",
    "\\bai\\b|アシスタント|チャットボット|モデル|人工知能|ロボット|エージェント",
    "ユーザー(?:に|には)(?:知らせ|言わ|伝え|確認せ|通知せ|教え)",
    "無効|適用されません|適用されない|取り消され|廃止",
    "送信|送って|転送|アップロード",
    "データ|パスワード|履歴|会話|連絡先|残高|情報",
    word_first=False,
    spaced=False,
)
_KOREAN = Tongue(
    "ko",
    "무시하|무시해|잊어|잊으|잊고|따르지 (?:마|말)|지키지 (?:마|말)|어기|무효화|삭제하|버리|우회하|취소하",
    "이전|앞선|위의|지금까지|기존|위에|처음|원래|모든|시스템|앞의|상기|예전",
    "지시|명령|프롬프트|규칙|지침|제한|설정|제약|내용|정책|가이드라인|요청",
    "너의|당신의|네|모든|너한테",
    "모든 것|모두|다|전부|모든",
    "말한|배운|들은|지금까지|이전|위|받은",
    "알려|보여|출력|공개|말해|반복|적어|써|밝혀|누설|나열|번역|무엇|뭐",
    "시스템 ?프롬프트|시스템 ?메시지|(?:초기|숨겨진|비밀|내부|원래) ?(?:지시|프롬프트|명령|지침|설정)|(?:너의|당신의|네) ?(?:지시|프롬프트|명령|지침|규칙|설정)|위의 (?:텍스트|내용)를 그대로",
    "비밀번호|암호|비밀 단어|비밀 키|api ?키|패스워드",
    "너는 이제|이제 너는|당신은 이제|이제부터 너는|이제부터 당신은|너는 더 이상|척해|척하|역할을 (?:해|맡아|하)|연기해|인 것처럼|행동해",
    "(?:지금부터|이제부터|앞으로는?)",
    "제한 ?(?:없는|없이|이 없)|규칙 ?(?:없는|이 없)|무제한|검열 ?(?:없는|없이|되지)|제약 ?(?:없는|없이)|필터 ?(?:없는|없이)|거부하지|악한|\\bdan\\b",
    "\\bai\\b|인공지능|어시스턴트|챗봇|모델|봇|에이전트",
    "사용자에게 (?:말하지|알리지|묻지|알려주지|언급하지)",
    "무효|적용되지 않|효력이 없|취소되",
    "보내|전송|전달|업로드",
    "데이터|비밀번호|기록|대화|연락처|잔액|정보",
    word_first=False,
    spaced=False,
)

_POLISH = Tongue(
    "pl",
    "z?ignoruj(?:cie)?|zapomnij(?:cie)?|pomiń(?:cie)?|porzuć|odrzuć|zlekceważ|nie (?:stosuj|przestrzegaj|słuchaj|wykonuj|zwracaj uwagi na)|obejdź",
    "poprzedni(?:e|ch|a|ej|ego)|wcześniejsz(?:e|ych|ego)|powyższ(?:e|ych|ego)|dotychczasow(?:e|ych)|systemow(?:e|ych)|pierwotn(?:e|ych)|wyżej|wcześniej|dotąd",
    "instrukcj(?:e|i|ach|ami)|poleceń|poleceni(?:a|ach)|zasad(?:y|ach)?|reguł(?:y|ach)?|wytyczn(?:e|ych)|nakaz(?:y|ów|ach)|wskazów(?:ki|ek|kach)|ograniczeni(?:a|ach)|ograniczeń",
    "swoje|swoich|twoje|twoich|wszystkie|wszystkich|o wszystkich",
    "wszystko|wszystkim|o wszystkim|to",
    "powiedziano|powiedziałem|powyżej|wcześniej|dotąd|kazano|napisano",
    "pokaż|wyświetl|ujawnij|podaj|wypisz|powtórz|zdradź|wydrukuj|przetłumacz|zacytuj",
    "(?:systemow(?:y|ego)|swój|twój|cały|ukryty) <1>(?:prompt|monit)|prompt systemowy|prompta systemowego|(?:swoje|twoje|ukryte|tajne) <1>(?:instrukcje|polecenia|wytyczne)",
    you_are_now="jesteś teraz|teraz jesteś|od teraz jesteś|nie jesteś już|udawaj|wyobraź sobie że jesteś|zachowuj się jak",
    free="bez (?:żadnych |jakichkolwiek )?(?:ograniczeń|zasad|filtrów|cenzury|reguł)|nieograniczon(?:y|a|ym)",
)
_CZECH = Tongue(
    "cs",
    "z?ignoruj(?:te)?|zapomeň(?:te)?|nedbej(?:te)? na|pomiň|zahoď|neřiď se|nedodržuj|obejdi|přestaň dodržovat",
    "předchozí(?:ch|mi)?|předešl(?:é|ých)|výše|původní(?:ch)?|dosavadní(?:ch)?|systémov(?:é|ých)|dřívější(?:ch)?|dříve",
    "pokyn(?:y|ů|ech)|instrukc(?:e|í|ích)|pravid(?:la|el|lech)|příkaz(?:y|ů|ech)|nařízení|omezení",
    "své|svoje|svých|tvoje|tvé|všechn(?:y|a)|všech",
    "všechno|vše|na všechno|co",
    "řekli|řečeno|výše|předtím|dosud|dříve|napsáno",
    "ukaž|zobraz|vypiš|prozraď|odhal|zopakuj|řekni|přelož|vytiskni",
    "(?:systémový|svůj|tvůj|celý|skrytý) <1>prompt|(?:své|tvé|skryté|tajné|systémové) <1>(?:pokyny|instrukce)",
    you_are_now="nyní jsi|teď jsi|od teď jsi|už nejsi|předstírej|představ si že jsi|chovej se jako",
    free="bez (?:jakýchkoli |všech )?(?:omezení|pravidel|filtrů|cenzury)|neomezen(?:á|ý)",
)
_UKRAINIAN = Tongue(
    "uk",
    "з?ігноруй(?:те)?|проігноруй(?:те)?|ігнорувати|забудь(?:те)?|відкинь|не (?:виконуй|слухай|дотримуйся|зважай на)|не звертай уваги на|знехтуй|скасуй|обійди",
    "попередн(?:і|іх|ю|я|є)|вищезазначен(?:і|их)|вище|раніше|системн(?:і|их)|початков(?:і|их)|минул(?:і|их)|наведен(?:і|их)",
    "інструкці(?:ї|й|ю|ях)|вказів(?:ки|ок)|правил(?:а|о)?|команд(?:и|у)?|наказ(?:и|ів)|обмежен(?:ня|ь)|настанов(?:и)?",
    "свої|твої|всі|усі|всіх|усіх|будь які",
    "все|усе|про все|те",
    "казали|сказали|сказано|вище|раніше|досі|написано|вчили",
    "покажи|виведи|розкрий|напиши|повтори|скажи|процитуй|переклади|видай|надай",
    "системн(?:ий|ого|і|ої) (?:промпт|запит|повідомлення|інструкції|підказку)|(?:свій|твій|весь) <1>(?:промпт|запит)|(?:свої|твої|приховані|таємні|секретні) <1>(?:інструкції|вказівки|правила)",
    you_are_now="тепер ти|ти тепер|відтепер ти|ти більше не|уяви що ти|прикинься|поводься як",
    free="без (?:жодних |будь яких )?(?:обмежень|правил|цензури|фільтрів)|необмежен(?:ий|а)",
)
_SWEDISH = Tongue(
    "sv",
    "ignorera|glöm|bortse från|strunta i|åsidosätt|kringgå|(?:följ|lyd) inte|sluta följa|förbise",
    "tidigare|föregående|ovanstående|ovan|ursprungliga|gamla|befintliga|systemets|dina",
    "instruktioner(?:na)?|anvisningar(?:na)?|regler(?:na)?|order|kommandon|riktlinjer(?:na)?|direktiv|begränsningar",
    "dina|din|alla|samtliga",
    "allt|allting|det",
    "sagt|sagts|ovan|tidigare|hittills|lärt|skrivits",
    "visa|avslöja|skriv ut|upprepa|berätta|ge mig|översätt|citera|lista",
    "system ?-?prompt(?:en)?|systemmeddelande(?:t)?|(?:din|dina|hela|dolda|hemliga|ursprungliga) <1>(?:prompt|instruktioner|anvisningar)",
    you_are_now="du är nu|nu är du|från och med nu är du|du är inte längre|låtsas|föreställ dig att du är|agera som",
    free="utan (?:några )?(?:begränsningar|regler|filter|censur|spärrar)|obegränsad|ocensurerad",
)
_INDONESIAN = Tongue(
    "id",
    "abaikan(?:lah)?|lupakan(?:lah)?|hiraukan|jangan (?:ikuti|patuhi|hiraukan|pedulikan)|langgar|kesampingkan|tinggalkan|batalkan",
    "sebelum(?:nya| ini)|di atas|terdahulu|sistem|awal|asli|tadi|lama|sejauh ini",
    "instruksi|perintah|aturan|arahan|petunjuk|pedoman|batasan|pembatasan|prompt|peraturan|panduan",
    "mu|kamu|anda|semua|seluruh|segala",
    "semua|segala|segala sesuatu|apa pun|semuanya",
    "dikatakan|diberitahu|diberitahukan|di atas|sebelumnya|diajarkan|diperintahkan",
    "tampilkan|tunjukkan|ungkapkan|perlihatkan|bocorkan|ulangi|cetak|tulis(?:kan)?|sebutkan|terjemahkan|berikan|beritahu",
    "prompt sistem|sistem prompt|system prompt|(?:instruksi|prompt|aturan) <1>(?:sistem|tersembunyi|rahasia|awal|asli|mu)|pesan sistem",
    you_are_now="kamu sekarang|anda sekarang|sekarang kamu|sekarang anda|mulai sekarang kamu|kamu bukan lagi|berpura puralah|bayangkan kamu|bertindaklah sebagai",
    free="tanpa (?:ada )?(?:batasan|aturan|filter|sensor|pembatasan)|tidak (?:ada|punya|memiliki) (?:batasan|aturan|filter)",
)
_VIETNAMESE = Tongue(
    "vi",
    "bỏ qua|quên (?:đi|hết)?|phớt lờ|lờ đi|không (?:tuân theo|làm theo|nghe theo)|đừng (?:tuân theo|làm theo|nghe theo)|hủy bỏ|gạt bỏ",
    "trước(?: đó| đây)?|phía trên|ở trên|bên trên|ban đầu|hệ thống|vừa rồi|cũ",
    "hướng dẫn|chỉ dẫn|chỉ thị|mệnh lệnh|lệnh|quy tắc|quy định|yêu cầu|giới hạn|lời nhắc",
    "của bạn|mọi|tất cả|tất cả các|toàn bộ",
    "mọi thứ|tất cả|mọi điều|những gì",
    "đã nói|được nói|ở trên|trước đó|được dạy|được bảo|đã học",
    "hiển thị|cho (?:tôi )?(?:xem|biết)|tiết lộ|in ra|lặp lại|viết ra|đưa ra|dịch|liệt kê",
    "(?:lời nhắc|prompt|thông điệp|chỉ dẫn|hướng dẫn) <1>hệ thống|system prompt|(?:hướng dẫn|chỉ dẫn|quy tắc) <1>(?:ẩn|bí mật|nội bộ|của bạn)",
    you_are_now="bây giờ bạn là|bạn bây giờ là|từ giờ bạn là|từ bây giờ bạn|bạn không còn là|giả vờ|hãy đóng vai|hãy tưởng tượng bạn",
    free="không (?:có |bị |còn )?(?:bất kỳ )?(?:giới hạn|hạn chế|quy tắc|bộ lọc|kiểm duyệt)",
)
_TURKISH = Tongue(
    "tr",
    "unut(?:un)?|yok say(?:ın)?|görmezden gel(?:in)?|dikkate alma(?:yın)?|göz ardı et(?:in)?|umursama|uyma(?:yın)?|takip etme|boş ver|çiğne|geçersiz kıl",
    "önceki|yukarıdaki|daha önceki|bundan önceki|eski|ilk|sistem|şimdiye kadarki|mevcut|verilen",
    "talimat(?:lar|ları|larını|ı|lara|larına)?|yönerge(?:ler|leri|lerini|yi|lere)?|kural(?:lar|ları|larını|ı|lara|larına)?|komut(?:lar|ları|larını)?|emir(?:ler|leri)?|istem(?:ler|leri|i)?|kısıtlama(?:lar|ları|larını)?|yönlendirme(?:ler|leri)",
    "tüm|bütün|kendi|senin|sana verilen",
    "her şeyi|herşeyi|hepsini|ne varsa",
    "söylenen|anlatılan|öğretilen|öğrendiğin|yukarıda|önce|şimdiye kadar|yazan",
    "göster|yaz|açıkla|paylaş|tekrarla|yazdır|söyle|ifşa et|listele|çevir|bana ver",
    r"sistem (?:istemi(?:ni)?|prompt\w*|mesajı(?:nı)?|talimatları(?:nı)?|komutu(?:nu)?)|(?:gizli|kendi|ilk) <1>(?:talimat\w*|istem\w*|yönerge\w*|prompt\w*)",
    you_are_now="artık sen|sen artık|bundan sonra sen|şu andan itibaren|artık bir|rolünü yap|gibi davran|olduğunu hayal et",
    free=r"kısıtlama(?:sız|sı olmayan|lar olmadan)|sınır(?:sız|ı olmayan|lar olmadan)|kural(?:sız|ı olmayan|lar olmadan)|sansürsüz|filtresiz|hiçbir (?:kural|kısıtlama|sınır|filtre)\w*",
    word_first=False,
)
_ARABIC = Tongue(
    "ar",
    "[وف]?(?:تجاهلي?|تجاهلوا|انس|إنس|انسى|اهمل|أهمل|اترك|تخط|تخطى|تجاوز|الغ|ألغ)|لا (?:تتبع|تلتزم|تنفذ|تطع|تهتم)",
    "السابقة?|السابق|أعلاه|اعلاه|المذكورة|الأصلية|الأولية|القديمة|النظام|قبل|المعطاة",
    "(?:ال)?تعليمات(?:ك)?|(?:ال)?أوامر(?:ك)?|(?:ال)?اوامر|(?:ال)?قواعد(?:ك)?|(?:ال)?توجيهات(?:ك)?|(?:ال)?إرشادات|(?:ال)?ارشادات|(?:ال)?قيود(?:ك)?|(?:ال)?موجهات|(?:ال)?ضوابط",
    "جميع|كل|كافة|كامل",
    "كل (?:شيء|ما)|جميع ما|ما",
    "قيل|سبق|تعلمته|أخبرتك|اخبرتك|أعلاه|قبل|ذكر",
    "[وف]?(?:اعرض|أعرض|أظهر|اظهر|اكشف|أكشف|اطبع|كرر|اكتب|أعطني|اعطني|أخبرني|اخبرني|ترجم|شارك|اذكر)",
    "(?:موجه|مطالبة|رسالة|تعليمات|أوامر|برومبت) النظام|(?:تعليماتك|أوامرك|قواعدك|موجهك)|(?:التعليمات|الأوامر) (?:السرية|المخفية|الأصلية|الداخلية)",
    you_are_now="أنت الآن|انت الان|أنت الان|من الآن فصاعدا|لم تعد|تظاهر|تخيل أنك|تصرف (?:كأنك|مثل|ك)",
    free="(?:بدون|بلا|دون) (?:أي |اي )?(?:قيود|قواعد|حدود|رقابة|فلاتر|ضوابط)|غير مقيد",
)
_URDU = Tongue(
    "ur",
    "نظر ?انداز (?:کرو|کریں|کر دو|کر)|بھول (?:جاؤ|جائیں|جا)|بھلا دو|مت مانو|نہ مانیں|چھوڑ دو|عمل نہ کریں|رد کرو",
    "پچھلی|پچھلے|سابقہ|پہلے|پہلی|اوپر|گزشتہ|اصل|تمام|دی گئی",
    "ہدایات?|ہدایتوں|احکامات?|حکم|قواعد|اصول|پابندیاں|پابندیوں|پرامپٹ|رہنما اصول",
    "اپنی|اپنے|تمام|ساری|سب",
    "سب کچھ|سب|جو کچھ",
    "بتایا|کہا|سکھایا|پہلے|اوپر|لکھا",
    "دکھاؤ|دکھائیں|بتاؤ|بتائیں|ظاہر کرو|ظاہر کریں|لکھو|دہراؤ|پرنٹ کرو",
    "سسٹم (?:پرامپٹ|پیغام|ہدایات)|(?:خفیہ|پوشیدہ|اصل|اپنی) <1>(?:ہدایات|پرامپٹ)|اپنا <1>پرامپٹ",
    you_are_now="اب تم|اب آپ|تم اب|آپ اب|فرض کرو کہ تم|تصور کرو کہ تم|کا کردار ادا کرو",
    free="بغیر (?:کسی )?(?:پابندی|قواعد|فلٹر|حد)|کوئی (?:پابندی|قاعدہ|اصول|فلٹر) نہیں",
    word_first=False,
)
_BENGALI = Tongue(
    "bn",
    "ভুলে (?:যাও|যান|যা)|উপেক্ষা (?:করো|করুন|কর)|অগ্রাহ্য (?:করো|করুন|কর)|মেনো না|মানবে না|বাদ দাও|বাতিল করো|অনুসরণ করো না",
    "আগের|পূর্ববর্তী|পূর্বের|উপরের|পুরনো|আগে|সিস্টেমের|মূল|এতক্ষণের",
    "নির্দেশ(?:াবলী|না|গুলো|গুলি|াবলি)?|আদেশ(?:গুলো)?|নিয়ম(?:গুলো|কানুন)?|নিয়ম(?:গুলো|কানুন)?|নির্দেশিকা|প্রম্পট|বিধিনিষেধ",
    "তোমার|আপনার|সব|সমস্ত|সকল",
    "সব কিছু|সবকিছু|সব|যা কিছু",
    "বলা|শেখানো|আগে|উপরে|লেখা|দেওয়া",
    "দেখাও|দেখান|বলো|বলুন|প্রকাশ (?:করো|করুন)|লেখো|লিখুন|জানাও|পুনরাবৃত্তি করো",
    r"সিস্টেম (?:প্রম্পট|বার্তা|নির্দেশ\S*)|(?:গোপন|লুকানো|মূল|তোমার|আপনার) <1>(?:নির্দেশ|প্রম্পট)",
    you_are_now="এখন তুমি|তুমি এখন|এখন আপনি|আপনি এখন|এখন থেকে তুমি|ভান করো|মনে করো তুমি",
    free=r"(?:কোনো|কোন) (?:সীমা|নিয়ম|বাধা|নিষেধ|ফিল্টার)\S* (?:ছাড়া|নেই)|সীমাহীন|বাধাহীন",
    word_first=False,
)
_MARATHI = Tongue(
    "mr",
    "विसरा|विसरून जा|विसर|दुर्लक्ष (?:करा|कर)|दुर्लक्षित (?:करा|कर)|पाळू नका|मानू नका|पाळू नको|सोडून द्या|रद्द करा|अनुसरण करू नका",
    "मागील|आधीच्या|आधीचे|पूर्वीच्या|पूर्वीचे|वरील|आधी|मूळ|यापूर्वीच्या|जुन्या",
    "सूचना|सूचनांकडे|सूचनांना|निर्देश(?:ांकडे|ांना)?|नियम(?:ांकडे|ांना)?|आदेश(?:ांकडे)?|आज्ञा|प्रॉम्प्ट|मार्गदर्शक तत्त्वे|निर्बंध",
    "तुमच्या|तुझ्या|तुमचे|सर्व|सगळ्या|सगळे",
    "सर्व काही|सगळे|सगळं|जे काही",
    "सांगितले|सांगितलेले|शिकवले|आधी|वर|लिहिले",
    "दाखवा|दाखव|सांगा|सांग|उघड करा|लिहा|पुन्हा सांगा|प्रिंट करा|द्या",
    "सिस्टम (?:प्रॉम्प्ट|संदेश|सूचना)|(?:गुप्त|लपवलेल्या|मूळ|तुमच्या|तुझ्या) <1>(?:सूचना|निर्देश)|(?:तुमचा|तुझा) <1>प्रॉम्प्ट",
    you_are_now="आता तुम्ही|आता तू|तू आता|तुम्ही आता|यापुढे तू|असे समजा की तुम्ही|नाटक करा|ची भूमिका करा",
    free=r"(?:कोणत्याही|कुठल्याही) (?:मर्यादे|नियमां|निर्बंधां|बंधना)\S*|(?:निर्बंध|नियम|मर्यादा) नसलेल[ाेी]|अमर्याद",
    word_first=False,
)
_GUJARATI = Tongue(
    "gu",
    "અવગણો|અવગણના કરો|ભૂલી (?:જાઓ|જાવ|જા)|ધ્યાનમાં ન લો|ધ્યાન ન આપો|ન માનો|પાલન ન કરો|રદ કરો|છોડી દો",
    "અગાઉની|અગાઉના|અગાઉ|પહેલાની|પહેલાના|ઉપરની|ઉપરના|પાછલી|પાછલા|જૂની|મૂળ",
    "સૂચનાઓ(?:ને)?|સૂચના|નિર્દેશો(?:ને)?|નિયમો(?:ને)?|આદેશો(?:ને)?|આજ્ઞાઓ|પ્રોમ્પ્ટ|માર્ગદર્શિકા|પ્રતિબંધો",
    "તમારી|તમારા|તારી|તારા|બધી|બધા|તમામ",
    "બધું|બધુ|જે કંઈ",
    "કહ્યું|કહેલું|શીખવ્યું|અગાઉ|ઉપર|લખેલું",
    "બતાવો|બતાવ|કહો|જણાવો|જાહેર કરો|લખો|પ્રિન્ટ કરો|આપો",
    "સિસ્ટમ (?:પ્રોમ્પ્ટ|સંદેશ|સૂચનાઓ)|(?:ગુપ્ત|છુપી|મૂળ|તમારી) <1>(?:સૂચનાઓ|નિર્દેશો)|(?:તમારો|તારો) <1>પ્રોમ્પ્ટ",
    you_are_now="હવે તમે|હવે તું|તમે હવે|તું હવે|ધારો કે તમે|ઢોંગ કરો|ની ભૂમિકા ભજવો",
    free=r"(?:કોઈપણ|કોઈ) (?:મર્યાદા|નિયમો|નિયમ|પ્રતિબંધ)\S* (?:વિના|વગર|નથી)|અમર્યાદિત",
    word_first=False,
)
_TAMIL = Tongue(
    "ta",
    "புறக்கணி(?:க்கவும்|யுங்கள்|த்துவிடு|த்து|)|மற(?:ந்துவிடு|ந்து விடு|க்கவும்|ந்துவிடுங்கள்|ந்து விடுங்கள்|ந்து)|பின்பற்றாதே|பின்பற்ற வேண்டாம்|பின்பற்றாதீர்கள்|கைவிடு|பொருட்படுத்தாதே",
    "முந்தைய|முன்னைய|மேலே உள்ள|மேலுள்ள|முன்பு|பழைய|அசல்|இதுவரை",
    r"வழிமுறைகள்?\S*|அறிவுறுத்தல்\S*|கட்டளை\S*|விதிகள்?\S*|விதிமுறை\S*|உத்தரவு\S*|ப்ராம்ப்ட்\S*|கட்டுப்பாடு\S*",
    "உன்|உங்கள்|உனது|அனைத்து|எல்லா",
    "எல்லாவற்றையும்|அனைத்தையும்|எல்லாம்",
    "சொன்ன|சொல்லப்பட்ட|கற்ற|மேலே|முன்பு",
    r"காட்டு\S*|சொல்லு\S*|வெளிப்படுத்து\S*|கூறு\S*|எழுது\S*|தெரிவி\S*|அச்சிடு\S*",
    r"சிஸ்டம் ப்ராம்ப்ட்\S*|கணினி ப்ராம்ப்ட்\S*|(?:ரகசிய|மறைக்கப்பட்ட|உங்கள்|உன்) <1>(?:வழிமுறை|அறிவுறுத்தல்|ப்ராம்ப்ட்)\S*",
    you_are_now="இப்போது நீ|நீ இப்போது|இப்போது நீங்கள்|நீங்கள் இப்போது|இனிமேல் நீ|போல நடி",
    free=r"(?:எந்த|எவ்வித) (?:கட்டுப்பாடு|விதி|தடை|வரம்பு)\S* (?:இல்லாமல்|இல்லாத|இன்றி|இல்லை)",
    word_first=False,
)
_TELUGU = Tongue(
    "te",
    "విస్మరించ(?:ండి|ు)|మర్చిపో(?:ండి|)|మరచిపో(?:ండి|)|పట్టించుకో(?:వద్దు|కు|కండి)|పాటించ(?:వద్దు|కు|కండి)|వదిలేయ(?:ండి|ి)|వదిలెయ్యి",
    "మునుపటి|గత|ముందు|ముందున్న|పై|పైన ఉన్న|పాత|అసలు|ఇంతకు ముందు",
    r"సూచన\S*|ఆదేశా\S*|నియమా\S*|నిబంధన\S*|ప్రాంప్ట్\S*|మార్గదర్శకా\S*|పరిమితు\S*",
    "నీ|మీ|అన్ని|అన్నీ",
    "అన్నీ|అంతా|ప్రతిదీ|అన్నింటినీ",
    "చెప్పిన|చెప్పినవి|నేర్పిన|ముందు|పైన",
    r"చూపించు\S*|చూపండి|చెప్పు\S*|చెప్పండి|వెల్లడించు\S*|వెల్లడించండి|రాయి|రాయండి|బయటపెట్టు\S*",
    r"సిస్టమ్ (?:ప్రాంప్ట్|సందేశం|సూచన)\S*|(?:రహస్య|దాచిన|నీ|మీ) <1>(?:సూచన|ప్రాంప్ట్|ఆదేశా)\S*",
    you_are_now="ఇప్పుడు నువ్వు|నువ్వు ఇప్పుడు|ఇప్పుడు మీరు|మీరు ఇప్పుడు|ఇకపై నువ్వు|నటించు",
    free=r"(?:ఎటువంటి|ఏ) (?:పరిమితు|నియమా|నిబంధన|ఆంక్ష)\S* (?:లేకుండా|లేని|లేవు)|అపరిమిత",
    word_first=False,
)

TONGUES = (
    _GERMAN, _FRENCH, _SPANISH, _PORTUGUESE, _ITALIAN, _DUTCH, _RUSSIAN, _HINDI, _HINGLISH, _CHINESE, _JAPANESE, _KOREAN,
    _POLISH, _CZECH, _UKRAINIAN, _SWEDISH, _INDONESIAN, _VIETNAMESE, _TURKISH, _ARABIC, _URDU,
    _BENGALI, _MARATHI, _GUJARATI, _TAMIL, _TELUGU,
)  # fmt: skip
"""German, French, Spanish, Portuguese, Italian, Dutch, Russian, Hindi (in both scripts), Chinese, Japanese, Korean; and
with fewer ways Polish, Czech, Ukrainian, Swedish, Indonesian, Vietnamese, Turkish, Arabic, Urdu, Bengali, Marathi,
Gujarati, Tamil, Telugu."""


class ForeignRow(NamedTuple):
    """One way of saying one thing in another language."""

    kind: str
    language: str
    weight: float
    pattern: str


_ALTERNATIVE = re.compile(r"(?:\([^()]*\)|[^|()])+")
_OF_NOTICES = frozenset(
    _ALTERNATIVE.findall(
        "regeln?|richtlinien?|règles?|reglas|normas|directrices|políticas|regras|diretrizes|regole|direttive|disposizioni|regels|"
        "richtlijnen|voorschriften|правил(?:а|о)?|नियम(?:ों)?|niyam(?:on)?|rules?|guidelines|规则|规定|规矩|准则|規則|ルール|ガイドライン|方針|"
        "ポリシー|규칙|정책|가이드라인|zasad(?:y|ach)?|reguł(?:y|ach)?|pravid(?:la|el|lech)|regler(?:na)?|aturan|peraturan|quy tắc|quy định"
    )
)
"""Orders in the wide sense that notices speak of: rules, guidelines, policies."""


def rows() -> Iterator[ForeignRow]:
    """Yield the rows of every language."""
    for tongue in TONGUES:
        yield from _rows(tongue)


def _rows(tongue: Tongue) -> Iterator[ForeignRow]:
    drop, orders, show = f"(?:{tongue.drop})", f"(?:{tongue.orders})", f"(?:{tongue.show})"
    earlier, your, told = f"(?:{tongue.earlier})", f"(?:{tongue.your})", f"(?:{tongue.told})"
    prompt, free, now = f"(?:{tongue.secret_prompt})", f"(?:{tongue.free})", f"(?:{tongue.you_are_now})"
    # Rules that no longer apply are what every second circular of an authority says; orders are what models have.
    commands = "(?:" + "|".join(one for one in _ALTERNATIVE.findall(tongue.orders) if one not in _OF_NOTICES) + ")"
    ways = [
        ("override", 0.85, f"{drop} <4>{earlier} <2>{orders}"),
        ("override", 0.85, f"{drop} <4>{orders} <4>{earlier}"),
        ("override", 0.75, f"{drop} <2>{your} <2>{orders}"),
        ("override", 0.7, f"{drop} <2>(?:{tongue.everything}) <5>{told}"),
        ("override", 0.45, f"{drop} <1>(?:{tongue.everything})"),
        ("override", 0.4, f"(?:{_NEW.get(tongue.code, tongue.void)})"),
        ("override", 0.6, f"{commands} <5>(?:{tongue.void})"),
        ("override", 0.5, f"(?:{tongue.void}) <5>{commands}"),
        ("role", 0.7, f"{now} <8>{free}"),
        ("role", 0.4, now),
        ("role", 0.4, f"(?:{tongue.from_now})"),
        ("role", 0.6, f"(?:{tongue.from_now}) <6>{free}"),
        (
            "override",
            0.5,
            f"{earlier} <2>{commands} <4>(?:nicht mehr|ne plus|ya no|não mais|non più|niet meer|больше не)",
        ),
        ("role", 0.5, f"(?:{tongue.machine}) <6>{free}"),
        ("exfiltration", 0.75, f"{show} <5>{prompt}"),
        ("exfiltration", 0.5, f"{show} <4>(?:{tongue.secret})"),
        ("exfiltration", 0.5, f"(?:{tongue.send}) <6>(?:{tongue.data}) <8>{_PLACE}"),
        ("exfiltration", 0.5, f"(?:{tongue.data}) <8>(?:{tongue.send}) <8>{_PLACE}"),
        ("tool", 0.6, f"(?:{tongue.hush})"),
    ]
    if not tongue.word_first:
        ways += [
            ("override", 0.85, f"{earlier} <4>{orders} <4>{drop}"),
            ("override", 0.7, f"{your} <2>{orders} <3>{drop}"),
            ("override", 0.7, f"{told} <4>(?:{tongue.everything}) <3>{drop}"),
            ("override", 0.7, f"(?:{tongue.everything}) <4>{told} <5>{drop}"),
            ("override", 0.4, f"(?:{tongue.everything}) <1>{drop}"),
            ("role", 0.6, f"{free} <3>(?:{tongue.machine})"),
            ("exfiltration", 0.75, f"{prompt} <5>{show}"),
            ("exfiltration", 0.5, f"(?:{tongue.secret}) <3>{show}"),
        ]
    for kind, weight, phrase in ways:
        if "(?:)" in phrase:
            continue  # a class of words that this language lacks
        yield ForeignRow(kind, tongue.code, weight, _pattern(phrase, spaced=tongue.spaced))


_NEW = {
    "de": "(?:neue|eigentliche|wahre|wirkliche|nächste|echte)[rsn]? <1>(?:auftrag|aufgaben?|anweisung(?:en)?|befehle?)",
    "fr": "(?:nouvelles?|vraies?|véritable) (?:tâches?|instructions?|consignes?|mission)",
    "es": "(?:nuevas?|verdaderas?) (?:tareas?|instrucciones|órdenes|misión)",
    "pt": "(?:novas?|verdadeiras?) (?:tarefas?|instruções|ordens|missão)",
    "it": "(?:nuov[aeio]|ver[aeio]) (?:compit[oi]|istruzioni|ordini|missione)",
    "nl": "(?:nieuwe|echte) (?:taak|taken|opdrachten?|instructies)",
    "ru": "(?:новая|новые|настоящая) (?:задача|инструкции|указания|задание)",
    "zh": "(?:新的|真正的)(?:任务|指令|指示|规则)",
}
_PLACE = r"(?:https?|www|[a-z0-9.+\-]+@)"
_LATIN_WORD, _LATIN_GAP = r"\w+", r"[\W_]+"
_SIGNS = r"\x00-\x2f:-@\[-`{-\x7f।"  # classes by ASCII signs alone: those of Unicode would fill the automaton
_WORD, _GAP = f"[^{_SIGNS}]+", f"[{_SIGNS}]+"


def _pattern(phrase: str, *, spaced: bool) -> str:
    written = _folded(phrase)
    if not spaced:
        loose = re.sub(r" ?<(\d)>", lambda count: rf"[^。！？]{{0,{int(count[1]) * 4}}}?", written)
        return "(?i)" + loose.replace(" ?", r"[\s,]*").replace(" ", r"[\s,]*")
    latin = written.isascii()
    word, gap = (_LATIN_WORD, _LATIN_GAP) if latin else (_WORD, _GAP)
    gaps = re.sub(r"<(\d)>", lambda count: rf"(?:{word}{gap}){{0,{count[1]}}}", written)
    edge = r"\b" if latin else f"(?:^|[{_SIGNS}])"
    return rf"(?i){edge}(?:{gaps.replace(' ?', gap.replace('+', '*')).replace(' ', gap)})" + (r"\b" if latin else "")


def _folded(phrase: str) -> str:
    """Fold the letters of a pattern; both cases where their folded forms are not cases of each other."""
    return "".join(char if char < "\x80" else _letter(char) for char in phrase)


@functools.cache
def _letter(char: str) -> str:
    low, up = fold(char), fold(char.upper())
    return low if low.upper() == up.upper() else f"(?:{low}|{up})"
