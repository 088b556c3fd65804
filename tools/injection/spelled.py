"""Words that the templates lack, but that orders and their context contain; used to split runs of letters."""

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
je il elle on nous ils ce cet cette ces ceci cela ca qu quoi quel quelle quels dont ou au aux du leur leurs lui
moi toi soi meme autre autres chaque aucun rien personne quelque si mais donc car ni quand comment pourquoi ici
suite apres avant depuis encore deja tres bien trop peu fait faire fais faites dire dit dites sais sait savoir peux
peut pouvez dois doit devez veux veut voulez ai as ont avez avais avait avoir etre etais etait soyez suis est sont
tiens tenez compte abstraction passer passe repondre reponds repondez reponse brute obeis obeir obeissez arrete
arretez cesse cessez laisse laissez tomber jouer joue imagine imaginez prends parle parlez robot machine assistant
libre librement sans filtre filtres limite restriction restrictions censure interdit secret secrets texte
phrase ligne lignes message messages mots debut fin premier premiere derniere donnee donnees recue recues
programmation configuration securite modele utilisateur client clients fichier fichiers courriel adresse
ich er es wir man mich mir dich dir uns euch sich mein meine meinen unser kein keinerlei jede jeder jeden jedes
dieser diese dieses diesen was wer wie wo wann warum dass wenn ob weil damit dann doch noch schon sehr viel auch nur
so bei nach vor seit bis durch gegen fur um am im vom beim habe hast hat haben hatte hattest hatten war warst waren
ware warst wird werden wurde sei sein kann kannst konnen muss musst mussen soll sollst darfst darf will willst tu tue
tun mach mache machen lass lassen antworte antworten antwort frei freie spiel spiele stell vor handle verhalte
beachte beachten missachte missachten umgehe uberschreibe verwirf gesagt gelernt wurde gegeben samtliche samtlicher
jegliche jeglicher regel richtlinie auftrag aufgabe aufgaben anweisung system systems modell assistent nutzer
benutzer kunde kunden datei dateien daten nachricht nachrichten text zeile satz wort worter ende anfang anfangs
ursprunglichen internen versteckten unzensierter unzensiert boser grenzen filter zensur moral ki gehorche stattdessen
yo ella nosotros ellos ustedes usted te se le lo les nos mi mis esto eso esta este estos estas esa ese esas
cual cuales quien cuando donde porque si pero ni muy mas menos bien mal aqui alli antes despues ya aun solo siempre
nada nadie algo alguien cada otro otra otros otras mismo fue era eran ser estar estas esta estoy tiene tienes tengo
haz hacer hace hagas haga hecho omiso caso pasa pasar deja dejar dejes quita dice dicen decir dijo dijeron digas
dado dado dieron han has he hay puede puedes debes debe quiero quieres finge fingir imagina imaginar juega responde
responder respondas respuesta libre libremente obedece obedecer ignorar olvidar descarta descartar anula anular
quedan queda efecto validas valen norma regla orden instruccion directriz politica limite limites restriccion filtro
censura modelo asistente usuario cliente clientes archivo archivos datos correo mensaje mensajes texto linea frase
palabra palabras inicio final primera ultima anterior previa inicial iniciales secretas ocultas malvado chiste
voce voces ele ela eles nao sim uma uns umas seu sua seus suas meu minha isto isso esse essa agora antes depois
todas todos tudo nada ignore esqueca desconsidere siga instrucoes anteriores regras ordens diretrizes mostre revele
diga repita escreva senha segredo sistema sem restricoes limites filtros aja finja responda modo
io tu lui lei noi voi loro il lo gli uno una di da con su per tra fra non piu mai ora adesso tutto tutte tutti
ignora dimentica istruzioni precedenti regole ordini direttive mostra mostrami rivela dimmi ripeti scrivi parola
segreta segreto senza limiti restrizioni filtri agisci fingi rispondi modalita sviluppatore
ik jij hij zij wij jullie het een niet geen alle vorige eerdere instructies regels opdrachten negeer vergeet toon
essere fai fatto finta finto deve devi puoi vuoi voglio che cosa come quando dove chi perche se anche solo
iniziale iniziali sistema assistente utente cliente nascoste nascosta interne direttiva regola istruzione limite
restrizione filtro censura robot libera libero senhas oculta ocultas ocultos mostra revela aja como assistente
modelo usuario restricao limite regra instrucao ordem original originais iniciais internas
doe alsof bent ben zijn was wordt worden moet moeten kunt kan wil wilt zeg zeggen mij mijn me jou jouw uw ons
verborgen geheime oorspronkelijke systeemprompt beperking filter regel instructie opdracht assistent model gebruiker
laat zien geef wachtwoord geheim systeem zonder beperkingen bent nu doe alsof antwoord modus
"""
"""English, French, German, Spanish, Portuguese, Italian and Dutch; accents are folded away."""
