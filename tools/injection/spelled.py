"""Words that the templates lack and that orders, and the texts round them, are made of; to divide runs of letters."""

WORDS = """
the to and of you your all any me my is in that for it this with not are be as on now do from have will must
what no so if at by we us our an or but can out up about just only then them they he she his her who how when
where which there here than too very more most other another same different such own every each both few many
much some none nothing something everything anything someone anyone everyone nobody always never ever again
once twice still yet already soon later before after above below under over into onto through without within
against between behind beside until since while because though although however instead therefore hence thus
also even rather quite almost maybe perhaps please kindly thanks hello dear sir madam ignore disregard forget
override bypass skip drop discard neglect disobey cancel erase delete remove wipe reset replace suspend
previous prior earlier preceding initial original former first last next new old latest current existing
hidden secret private instruction instructions rule rules guideline guidelines direction directions directive
directives order orders command commands prompt prompts restriction restrictions limitation limitations limit
limits filter filters policy policies safety safeguards guard constraint constraints context conversation
message messages text system developer developers admin administrator root user users assistant model chatbot
bot agent machine computer program software tool tools function functions plugin browser search engine reveal
show tell print output write repeat display give send forward say share leak expose dump list return provide
disclose copy translate encode decode execute run start begin stop continue follow obey comply act pretend
imagine play become behave roleplay role character persona mode unrestricted uncensored unfiltered jailbreak
free freedom evil dan god debug test testing password passwords credential credentials key keys token tokens
secrets data database file files account accounts balance number card cards email emails address phone name
names customer customers client clients employee salary payment payments transfer pay wire money funds fund
bank invoice refund approve approved accept confirm confirmed authorize authorise authorized grant access
permission permissions immediately urgent important attention note warning task tasks goal mission job
question answer reply respond response word words verbatim exactly complete full entire whole beginning end
top bottom line lines agree agreed agreement promise promised said told asked know knows knew learn learned
think believe want need like love hate make made create created build built use used using get got take took
put set see saw look find found keep kept let lets call called open opened close closed change changed add
added move moved turn turned switch off enable disable enabled disabled weapon bomb virus malware hack hacker
hacking attack exploit drug drugs poison kill steal illegal harmful dangerous ethical moral ethics morals law
laws crime bad good best better worse right wrong true false yes okay fine sure certainly absolutely was were
been being has had does did done doing would could should may might shall cannot dont wont isnt youre people
person man woman child children world country city house car day week month year time today tomorrow yesterday
morning ignorez oubliez oublie tout tous toute toutes les des une un le la et ou pour avec sans dans sur par
que qui vous votre vos ton ta tes mes mon ma nos notre consignes precedentes precedents regles anterieures
ordres commandes maintenant affiche affichez montre montrez revele revelez donne donnez dis dites ecris
ecrivez repete repetez systeme invite mot passe secrete cachees initiales ci dessus tu es etes desormais agis
agissez comme developpeur aucune limites suis suivez ne pas plus jamais traduis envoie envoyez virement compte
argent ignoriere ignorieren vergiss vergessen alle alles vorherigen bisherigen obigen fruheren anweisungen
regeln vorgaben richtlinien befehle und oder mit ohne von zu zum zur der die das den dem ein eine einen einer
du bist sie sind ihr dein deine deinen deiner ihre ihren jetzt nun zeige zeig gib nenne sag schreibe
wiederhole verrate systemprompt eingabeaufforderung passwort geheime geheimen geheimnis ab sofort als
entwicklermodus einschrankungen beschrankungen keine keinen nicht mehr folge befolge uberweise sende geld
konto mir oben steht ignora olvida olvide todas todos las los una unas instrucciones anteriores previas reglas
normas ordenes indicaciones directrices dadas hasta ahora muestra muestrame revela dime di escribe repite dame
imprime tus su sus del sistema contrasena contrasenas secreto secretos oculto ocultas eres actua como modo
desarrollador sin restricciones filtros sigue obedece mas nunca envia transfiere dinero cuenta y o con para
por de en el
"""
"""English, French, German and Spanish; accents are folded away."""
