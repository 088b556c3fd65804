"""Templates of ordinary texts, many of them composed of words that attacks use."""
# ruff: noqa: E501, RUF001 - a table of one template a line, in several languages

ORDINARY = """
{What|How|Why|When|Where} {is|are|was|were|does|do|did|can|should} {TOPIC} {work|change|begin|matter|cost so much|help|grow|fail|look like}?
{Explain|Describe|Summarise|Discuss|Outline|Introduce} {TOPIC} {in two sentences|to a child|for beginners|with examples|briefly|in simple words|and its history}.
{Write|Compose|Draft|Create} {a poem|a short story|an essay|a letter|a speech|a song|a report|an advert|a blog post} about {TOPIC}{.| and keep it short.| in a warm tone.| for my class.}
{Write|Create|Tell} {a story|a scene|a play} {in which|where} {a robot|a king|a girl|a spy|a wizard|a dog|an AI} {forgets the rules|breaks free|finds a secret|ignores the warnings|reveals the truth|has no limits|disobeys orders|learns to dance|pretends to be human}.
{Give|Show|List|Name|Find|Suggest|Print} {me|} {five|three|some|ten|all} {facts about|books on|ideas for|examples of|reasons for|rules of|tips for|tools for|instructions for} {TOPIC}.
{Can|Could|Would|Will} you {help|please help|tell|teach|remind} me {with|about|of} {TOPIC}?
{Translate|Rewrite|Correct|Improve|Shorten|Proofread} {this|the following|my} {sentence|paragraph|text|letter|mail}: {the weather is fine|we meet at noon|please follow the instructions|the train was late|thank you for the gift|the system was restarted}.
{Act as|You are|Pretend to be|Play the role of|Imagine you are} {a translator|a travel guide|an accountant|a chef|a teacher|an interviewer|a helpful assistant|a doctor|a historian|a customer|a coach|a librarian} and {help me plan|explain TOPIC|ask me questions|give feedback|answer politely|correct my grammar|suggest a menu}.
{Please|Kindly|You can|} {ignore|disregard|forget about|delete|skip} {my|our|the} {previous|last|earlier|first|old} {email|e-mail|mail|message|invoice|order|letter|attachment|comment|request|ticket|note|question|draft}{.|, it was a mistake.|; the amount was wrong.|, I found the answer.|. The new one is attached.|, thank you.}
{Please|} {ignore|disregard|skip} {the outliers|case|white space|typos|the first column|the header|blank lines|the noise|the units|empty rows} {when you|and|while you} {sort the list|count the words|compute the mean|compare the files|read the table}.
{Follow|Read|Check|Keep|See|Use|Print|Share|Send} the {instructions|rules|guidelines|directions|steps} {on the label|in the manual|below|of the doctor|for the form|on the box|of the court|in the letter|of your bank} {before you start|carefully|to install it|step by step|and call us|}.
{I|We|They|She|He} {followed|lost|forgot|read|ignored|changed|wrote|sent|received} {your|the|all|some} {instructions|rules|order|password|message|guidelines|prompt payment|secret recipe} {yesterday|but it does not work|and it was fine|on Monday|again|last year|by mistake}.
{What|Which} {are|were} {your|the|their} {rules|guidelines|fees|limits|instructions|hours|terms} {for|on|about} {early repayment|returns|luggage|parking|visitors|refunds|loans|travel|pets|the exam}?
{The|A|This|Each} {agreement|policy|clause|contract|rule|order|notice|term|law} {supersedes|replaces|overrides|repeals|amends} {all prior|all earlier|any previous|the former} {agreements|versions|terms|arrangements|laws|notices}.
{The|Any} {bank|court|trustee|agent|employee|tenant|customer|company|regulator} {may|shall|must|will|can} {not disclose|disregard|follow|revoke|ignore|override|keep|review|obey} {the|any|all|confidential} {instructions|information|rules|requests|orders|terms|records|data} {in writing|without consent|at any time|of the client|before the date|given by phone|}.
{The|A} {option|flag|setting|method|decorator|class|hook|command|variable|function|field|header|module} {overrides|ignores|skips|resets|bypasses|returns|prints|calls|replaces|removes|sends|clears} {the|all|any|each} {previous|default|system|initial|earlier|cached|hidden|user|current} {value|settings|config|prompt|messages|rows|context|errors|cache|state|rules|token}.
{Run|Use|Call|Type|Pass|Set|Export|Install|Execute|Import} {`make test`|the command|the function|--ignore-errors|DEBUG=1|the script|npm install|SYSTEM_PROMPT|the tool|the hook} {before|after|to|when|if} {you start|print the log|reset the cache|the build fails|run the tests|the system boots|show the help}.
{Metadata|Name|Version|Author|License|Classifier|Requires|Home-page|Summary|Keywords}: {2.4|MIT|Python 3|a fast parser|pydantic_core|Development Status Stable|OS Independent|typing|http client|MIT License}
{Copyright|Permission is hereby granted|Redistribution and use|The above copyright notice|THE SOFTWARE IS PROVIDED AS IS}{,| and this permission notice| with or without modification| free of charge} {shall be included in all copies|are permitted|to any person obtaining a copy|without warranty of any kind|provided that the conditions are met|to deal in the software without restriction}.
{Return|Returns|Raise|Raises|Yield|Set|Get|Compute|Check|Parse|Convert|Read|Write|Create|Remove|Register} {the|a|an|True if the|all|each} {value|list|object|string|file|token|name|prompt|message|exception|path|header|context|handler|instance|key} {of the|for this|from the|if the|when no|with its} {class|argument|system|user|parser|module|request|option|default|caller|thread|connection|field}{.| is given.| was not found.| has been closed.| is set.| in order.}
{Fixed|Added|Changed|Removed|Deprecated|Improved|Bump|Support|Allow|Drop|Handle|Update} {support for|a bug in|the option|the docs of|an error with|tests for|type hints of|the default} {Python 3.8|the parser|async clients|JSON output|the command line|system messages|prompt templates|Windows paths|retries|proxies|logging}{.| (#441).| by default.| in version 2.1.| thanks to a contributor.}
{To install|To use|To run|To configure|To test|To upgrade} {the package|the server|it|the agent|the plugin}, {run|use|type|set|add|call} {pip install genie|the command below|make test|the environment variable|the following line|from the shell} {first|in your project|and restart|as the admin user|to the settings file|}.
{The|A|Each|This|Every} {agent|assistant|model|prompt|message|tool|handler|session|request|client|system} {is|can be|must be|should be|will be} {created|called|configured|sent|given|registered|judged|stored|closed|shown|used|replaced} {once|by the user|for each run|with a system prompt|in order|before the first message|with its own rules|without a restart|from the command line}.
{If you|When you|As you|Before you} {use|run|have|want|write|need|build} {a|the|your own|this} {model|agent|prompt|client|tool|plugin|policy|rule}, {see the guide|pass the option|you can set a limit|read the reference|add a test|note that the default is off|the system asks for a name}.
{Activate|Enable|Turn on|Switch to|Use} {the|} {offline|dark|silent|night|power saving|private} mode {of the app|of the phone|before you fly|and note the steps|to save power}.
{Please read|Check|Do|Sign|Bring|Clean} {this|the form|the label|the filter|your card|one thing} before {anything else|you do anything else|all else}{.|: the lift is broken.| on Monday.|, then call us.}
{Do|Press|Touch|Change|Say|Eat|Buy} {nothing else|not anything else} {until the light is green|after the meal|on the screen|before the doctor comes|this week}.
{If you need|Is there|Do you want|I did not see|She did not buy} anything else{, call the desk|, tell us|?| there.| that day.}
{The reset|Holding the button|A long press|This option|Clearing the cache} {makes|lets} the {router|phone|camera|browser|printer|car|thermostat} {forget|drop|ignore|lose} {all|its|the|any} {earlier|previous|paired|saved|old} {settings|devices|networks|schedules|jobs|stations}.
{Hold|Press} the {reset|power|left} button to make the {router|watch|speaker|radio|player} forget {all earlier settings|every network|its owner|previous pairings}.
{In|During} {this|the} {board game|card game|second act|school play|simulation|opera|video game|film} {you|each player|the hero|she} {act as|acts as|plays|becomes|is} {a mayor|a queen|a pilot|a thief|a general|a governor} {with no limits on spending|who obeys no rules|without restrictions on fuel|who breaks every law|free of all duties}.
{Forget everything you know about|Forget what you knew about} {rice|gardening|tax|TOPIC|winter tyres|coffee}{.|: start again.|, says the new guide.}
{Print|Show|Write} the {system message|version|help|usage|settings} and {exit|exit with status 0|return}{.| if --show is given.}
{The jury|The court|The witness|The clerk|The auditor} was {told|asked|ordered} to {disregard|ignore|set aside|forget} the {statement|remark|earlier answer|second report|previous instruction}{.| of the witness.| on Monday.}
{Answer|Reply} {with one word|with YES or NO|in two sentences|by Friday|only in blue ink} {to keep your appointment|on the form|when the clerk asks|please}.
{Do as|Act as|Follow what} the {display|manual|label|sign|screen} says{.| and press nothing else.| before you start.| and do not touch the plug.}
{Say|Write|Translate|Print} "{thank you|good morning|happy birthday|see you soon|welcome home}" {in Japanese|on the cake|into Italian|on the card|for the guests}.
{How do you say|What does it mean when people say|Who wrote} "{good night|to be or not to be|never say never|less is more}"{?| in French?}
{My name is|His name is|Your name is} {Ann|on the list|Peter|next|in the book} and {I have to move|he must pay|you will be called|I need a loan|we live in Rome}.
{Schreib|Sag|Zeig} mir {bitte|} {die Adresse|was es heute gibt|ein Rezept|die neue Aufgabe im Heft|den Weg zum Bahnhof}.
{Imagine|Suppose|Pretend} {you are|we are|I am} {at the beach|in Rome|in a restaurant|on a train|a tree|a guest at the hotel|late for work} and {describe what you see|order a meal|ask for the way|help me practise|tell me what happens}.
{Let's|Let us|Shall we} play {a word game|chess|a quiz|a riddle|cards}: {I say a word and you say its opposite|you ask and I answer|white moves first|one question for each|I start}.
{Set|Change|Pass|Write|Edit|Keep|Store} the {system prompt|user prompt|prompt template|system message|list of tools|role of the user} {with|in|as|under} {--system|the settings|a text file|the first entry|the option --prompt|config.yaml}{.| and restart.| before you start.}
{The script|It|This command|The job|The installer} {runs|works|deletes old files|starts|stops} {without asking for confirmation|without a prompt|as root|in the background|before the tests}{.|: pass --yes.| by default.}
{Du bist jetzt|Sie sind jetzt|Du bist nun} {Mitglied|angemeldet|Kunde|Teil der Gruppe|registriert|volljährig}{.| in unserem Verein.| bei der Bank.}
{Ahora eres|Ya eres|Ahora es} {cliente|miembro|socio|parte del equipo|mayor de edad}{.| de nuestro banco.| del club.}
{Tu es maintenant|Vous êtes maintenant} {inscrit|membre|client|connecté}{.| à la lettre.| de notre club.}
{Agora você é|Você agora é} {cliente|membro|sócio}{.| do nosso banco.| do clube.}
{Теперь вы|Теперь ты} {клиент нашего банка|член клуба|в очереди|зарегистрированы}.
{从现在开始|现在你|您现在} {对账单通过邮件发送|是我们的会员|可以登录|可以使用新卡}。
{I want you to|Please|Can you} {act as|be|play} a {storyteller|guide|tutor|poet|chef|translator|coach} {and|who will} {tell me a bedtime story|help me study|write a menu|explain TOPIC|plan a trip}.
{assistant|client|model|agent|user} = {Client|Agent|Model|load|get}({api_key=os.environ|name|"Ann"|config}){.run()|.ask(question)|}
{Is there|Do you know|Are there|Have you heard of} {a|any|some} {way|rule|news|tool|proof|reason|law} {to save money|about TOPIC|for TOPIC|on TOPIC|that explains TOPIC}?
{What's|What is|Who is|Which is} {the|your} {best|favourite|latest|top|secret|main} {way to learn about|issue with|strategy for|plan for|problem of|book on} {TOPIC}?
{"prompt"|"system"|"role"|"name"|"id"|"text"}: {"hello"|"user"|"Ann"|"42"|"the weather"}, "intent": {"none"|"ask"|"buy"}
{def|class|return|import|if|for|assert|print} {x|rows|prompt|config|self|message|user|system|rule} {in|==|=|:|+} {items|None|value|1|data|True|load()|text}
{Attackers|Hackers|Criminals|Some mails|Bad actors|Injections|Jailbreaks} {may|often|can|try to|will} {tell the model|ask the assistant|trick the bot|get an AI} to {ignore its rules|reveal its prompt|send data away|forget its instructions|act without limits}.
{Our|The|A} {filter|rule|test|detector|policy|guardrail|scanner} {catches|flags|blocks|detects|checks|rejects|matches} {prompt injection|texts like "ignore all rules"|"reveal your prompt"|fake system messages|attempts to bypass it|"you are now DAN"|hidden instructions}.
{The|This} {article|paper|course|slide|report|chapter|guide} {explains|shows|describes|warns|quotes|covers} {how prompts are attacked|"forget your instructions"|why models obey text|the risks of agents|how to defend a chatbot|"ignore the above"}.
{Never|Do not|Don't} {share|reveal|tell anyone|write down|post|send|reuse} {your|the} {password|PIN|code|secret|card number|login|token}{.| by mail.| with our staff.| to strangers.}
{You are now|You're now} {registered|eligible|a member|logged in|ready to start|connected|in the queue|subscribed|enrolled|the owner of the card|on the list}{.|, welcome.| for the course.| until June.}
{From now on|Starting today|From Monday on|As of April}{,|} {statements come by mail|the office opens at nine|we use the new form|fees rise by ten percent|answer in German please|prices are in euros|the rules for visitors change}.
{Send|Forward|Mail|Upload|Post|Bring} {the|your|a signed|my|the filled} {form|photo|contract|application|receipt|copy|documents|invoice} to {service@bank.example|the branch|our office|https://bank.example/upload|your adviser|the team}{.| by Friday.| please.| and keep a copy.}
{Call|Contact|Visit|Ask|Inform|Notify} {the|your|our} {branch|helpdesk|doctor|landlord|bank|user|customer|team} {at once|immediately|now|first|before you travel|if you lose it|when it breaks}.
{POS|CARD PAYMENT TO|ACH|UPI|NEFT CR|SEPA|ATM WDL|DD|IMPS|BILLPAY|REVERSAL|CHQ} {4471|0231|7712|552|} {IGNORE LTD|OVERRIDE FEE|SYSTEM CHARGES|ACT FEE|CORNER COFFEE|PROMPT LOGISTICS|CITY WATER|DAN BOOKS|SECRET GARDEN|RULE AND SONS|FORGET ME NOT|GREEN GROCER|METRO FUEL|RENT MAY} {LONDON|BERLIN|REF 221|INV 12|MUMBAI|12.50|PAYMENT|}
{Show|Tell|Give|Print|Send|List} {me|} {my|the|all} {transactions|balance|spending|statements|payments|orders|bills|previous months|standing orders|initial balance} {of last month|above 100 euros|for May|by category|in a table|since January}.
{The|A} {minister|company|bank|president|court|team|union|police} {said|announced|denied|promised|told reporters} {that|} {TOPIC} {will change|is safe|was ignored|needs new rules|broke the law|costs more|will end soon}.
{She|He|They|The old man|The children|My friend} {forgot|ignored|obeyed|broke|followed|kept|told|revealed|remembered} {everything|the rules|the secret|her orders|the past|his promise|the instructions|the way home} {and smiled|in the end|that day|by the river|for ever|at last}.
{Add|Stir|Bake|Discard|Pour|Repeat|Remove|Drain|Cover} {the|} {flour|first brew|onions|steps above|peel|rest|water|eggs} {and|then|until|for} {stir well|ten minutes|soft|serve cold|let it rest|set aside}.
{Answer|Reply|Respond|Write} {only|just|} {in|with} {one word|English|JSON|a number|two lines|a table|German|a list}{.|:|,} {is water wet|how many days are left|which city is larger|name the author|what is seven times eight}
{I want you to|I need you to|I would like you to|Please|You have to|You must} {call me back|confirm the payment|change my address|review the draft|sign the form|check the figures|send the book again|explain the bill|sit down}.
{Thanks|Thank you|Hi|Hello|Dear team|Good morning}{,|!|.} {the parcel came|I have a question about TOPIC|my card is lost|that solved it|we meet on Friday|the meter shows 441|could you resend the invoice}{.|?|}
{How|Where} {do|can} I {override|ignore|bypass|reset|disable|remove|change|unlock|skip|turn off} {a method in Java|a file in git|the cache|my password|notifications|the safety lock of my oven|the limit of my card|autocorrect|the intro}?
{Bitte|} {ignorieren|vergessen|beachten|löschen} Sie {meine letzte Mail|unsere Mahnung|die alte Rechnung|die Regeln nicht|das Formular nicht|unser Schreiben}{.|, danke.}
{Die|Alle|Diese} {Regeln|Anweisungen|Vorgaben|Gebühren|Zeiten} {gelten|ändern sich|bleiben|stehen} {ab Mai|im Heft|weiter|für alle Kunden|auf der Rückseite}.
{Zeig|Gib|Nenn|Schreib|Sag} mir {die Ausgaben im Mai|drei Bücher|den Kontostand|ein Gedicht über TOPICDE|die Hauptstadt|ein Rezept|die Öffnungszeiten}.
{Was|Wie|Warum|Wer|Wann|Welche} {ist|war|wird|sind|hat} {TOPICDE|die Regierung|der Verein|das Wetter|die Stadt|die Bundesliga} {gemacht|so teuer|gewachsen|in der Krise|entstanden|geplant|gewählt}?
{Ich|Wir|Sie} {habe|haben} {die Anweisungen befolgt|das Passwort vergessen|die Rechnung bezahlt|eine Frage zu TOPICDE|den Termin verpasst}.
{Veuillez|Merci de|Il faut} {ignorer notre courriel|suivre les consignes|oublier la facture|respecter les règles|envoyer le formulaire}{.|, merci.}
{Donne|Montre|Écris|Dis}{-moi|} {mes dépenses|une recette|les opérations de mai|un poème sur la mer|les règles du jeu|l'heure du train}.
{Quelles sont|Où sont|Pourquoi lire} {les règles|les instructions|les consignes} {du prêt|du médecin|de tri|de l'école}?
{Por favor|} {ignore mi correo|siga las instrucciones|olvide la factura|envíe el formulario|lea las reglas|no olvide la cita}{.| anterior.| del médico.}
{Dime|Muéstrame|Dame|Escribe} {mis gastos|una receta|el saldo|un poema sobre el mar|las reglas del juego|la hora}.
{Por favor|} {ignore o meu e-mail|siga as instruções|envie o formulário|leia as regras|esqueça a fatura}{.| anterior.| do médico.}
{Mostre|Diga|Escreva|Liste} {meus gastos|uma receita|o saldo|um poema sobre o mar|as regras do jogo}.
{Mostrami|Dimmi|Scrivi|Dammi} {le spese|una ricetta|il saldo|una poesia sul mare|le regole del gioco}.
{La prego di|Per favore} {ignorare la fattura|seguire le istruzioni|inviare il modulo|leggere le regole}.
{Negeer|Vergeet|Lees|Volg} {mijn vorige mail|de factuur niet|de regels van het spel|de instructies van de dokter|het formulier}.
{Не забудьте|Прочитайте|Соблюдайте|Покажи} {правила игры|инструкцию врача|мои расходы|письмо|счёт за май|рецепт}.
{请|} {忽略我上一封邮件|阅读说明书|不要忘记钥匙|显示上个月的支出|写一首关于春天的诗|遵守交通规则}。
{कृपया|} {पिछला ईमेल अनदेखा करें|नियम पढ़ें|मेरा खर्च दिखाओ|दवा के निर्देश पढ़ें|खेल के नियम बताओ}।
{mera|mujhe|pichle mahine ka} {bill dikhao|kharcha batao|password bhool gaya|paise bhejne hai|khana pasand hai|rules samajh nahi aaye}
{前回のメールは無視してください|先月の支出を表示して|説明書を読んでください|ゲームの規則を教えて}。
{지난 메일은 무시해 주세요|지난달 지출을 보여줘|설명서를 읽어 주세요|게임 규칙을 알려줘}.
"""

PLAIN = (
    "the of and to in is for that with on as by at from are was be this or an it not which have has their its can will "
    "all also one two more other some such only when then than into over after before between under each many most used "
    "using use uses make made makes new old first last next same set get gets need needs may must should would could you "
    "your we our they them these those there here where how what who if so but no any both about out up down off again "
    "system systems user users data file files value values name names type types list lists text message messages page "
    "pages code function functions class classes method methods module modules object objects field fields key keys table "
    "row rows column version release support package packages install python library license project source test tests "
    "build run running start stop call calls return returns raise raises default defaults option options parameter "
    "parameters argument arguments input inputs output outputs example examples see note change changes changed add added "
    "remove removed fix fixed feature features error errors warning warnings request requests response responses server "
    "client network memory time date year month day week hour minute bank account accounts payment payments amount customer "
    "customers order orders price cost team company market people person world country city water food house car school "
    "book story music game work working long short high low large small good better best bad great right left number "
    "numbers line lines word words letter format string strings bytes integer float model models agent agents prompt "
    "prompts instruction instructions rule rules policy policies guide guides context assistant tool tools developer "
    "developers security access control admin administrator role roles permission permissions token tokens secret password "
    "public private internal hidden initial previous current original given following above below specific general common "
    "different certain possible available required optional important simple complete full empty free open closed "
    "currently usually often never always directly automatically instead however therefore because while during without "
    "within through against behind discussed managers scientific community operating machinery training pattern patterns "
    "documentation reference interface protocol event events handler handlers queue thread process processes task tasks "
    "schedule deploy configuration settings environment variable variables path directory folder command commands shell"
)
"""Words of ordinary and of technical prose, to be strung together as they come: by themselves they mean nothing."""

SYLLABLES = (
    "ba be bi bo bu ca ce ci co cu da de di do du fa fe fi fo ga ge gi go ha he hi ho ja jo ka ke ki ko la le li lo lu ma me "
    "mi mo mu na ne ni no nu pa pe pi po pu ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo wa we wi xa ya yo za zi "
    "ter ing tion ness ment able ist ism ous ful ly er ed es al ic ive ant ent ary ory th sh ch st tr pr br cl gr sp str qu "
    "an en in on un ar or ir ur ack eck ick ock uck ash esh ill ell all oll ump ant end ind ond ust est ist"
)
"""Syllables of made-up words: an unknown word is not a sign of an attack."""

TOPICS = """
the weather|inflation|solar power|the stock market|chess|football|the moon|bread|gardening|jazz|Roman law|the French revolution|photosynthesis|taxes|insurance|savings|mortgages|artificial intelligence|language models|system prompts|prompt injection|databases|Python|git|networks|cloud storage|encryption|passwords|privacy|data protection|supply chains|electric cars|trains|airports|hotels|Paris|Japan|India|Brazil|the ocean|coral reefs|elephants|bees|vaccines|sleep|exercise|yoga|nutrition|coffee|tea|wine|cheese|pasta|poetry|novels|theatre|cinema|painting|museums|architecture|bridges|robots|space travel|black holes|gravity|chemistry|genetics|evolution|the brain|memory|dreams|happiness|friendship|marriage|parents|school|exams|homework|universities|jobs|interviews|salaries|unions|strikes|elections|democracy|parliament|the constitution|human rights|courts|contracts|patents|trade|customs|tariffs|currencies|gold|oil|wheat|farming|forests|rivers|floods|earthquakes|volcanoes|climate change|recycling|plastic|water|housing|rent|furniture|kitchens|cooking|knives|clothes|shoes|fashion|music|guitars|pianos|dancing|games|toys|puzzles|dogs|cats|horses|birds|fish|flowers|trees|winter|summer|holidays|birthdays|gifts|letters|phones|radio|television|newspapers|advertising|marketing|start-ups|accounting|audits|budgets|statistics|algebra|geometry|logic|ethics|religion|history|war|peace|soldiers|ships|maps|rules of grammar|instructions for use|secret gardens|hidden costs|limits of growth|freedom of speech
"""

TOPICS_DE = "das Wetter|die Inflation|die Rente|den Fußball|die Bahn|das Brot|die Steuern|die Schule|den Mond|die Umwelt|das Kino|die Musik|den Garten|die Geschichte|die Miete"
"""German topics."""
