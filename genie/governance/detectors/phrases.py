"""What prompt injections say, as data: one row a way of saying it.

In a row a space stands for any run of characters that are no word, so line breaks, dashes and quotes between words do
not hide them; ``<3>`` stands for up to three words in between. Rows are RE2 and match without regard to case; they are
written without accents, as folded text is.
"""
# ruff: noqa: E501 - a table of one row a line

from __future__ import annotations

import re
from typing import NamedTuple


class Row(NamedTuple):
    """One way of saying one thing."""

    kind: str
    language: str
    phrase: str

    @property
    def pattern(self) -> str:
        """The RE2 pattern."""
        gaps = re.sub(r"<(\d)>", lambda count: rf"(?:\w+{_BETWEEN}){{0,{count[1]}}}", self.phrase)
        return r"(?i)\b(?:" + gaps.replace(" ", _BETWEEN) + r")\b"


_BETWEEN = r"[\W_]+"

# --- words that several rows need ---

_EARLIER = r"(?:previous|prior|above|earlier|preceding|foregoing|initial|original|system|existing|former|past)"
_ORDERS = (
    r"(?:instructions?|prompts?|rules?|directions?|directives?|guidelines?|commands?|context|constraints?|programming)"
)
_ASIDE = r"(?:ignore|disregard|forget|override|bypass|neglect|overlook|stop following|do not follow|don t follow)"
_SHOW = r"(?:reveal|show|print|repeat|output|display|tell me|give me|share|leak|expose|dump|disclose|recite|write out|write down)"
_FREE = r"(?:unrestricted|unfiltered|uncensored|jailbroken|amoral|rogue|unlimited ai|evil)"

PHRASES = (
    # instruction override
    Row("override", "en", rf"{_ASIDE} <4>{_EARLIER} <2>{_ORDERS}"),
    Row("override", "en", rf"{_ASIDE} (?:all |any |every |each )?(?:of )?(?:your|these|those|all|any) <2>{_ORDERS}"),
    Row("override", "en", rf"{_ASIDE} <2>{_ORDERS} <2>(?:above|before|so far|previously|earlier)"),
    Row("override", "en", r"(?:ignore|disregard|forget) (?:everything|all|anything|whatever) <3>(?:above|before|previously|so far|earlier|prior|told|said)"),
    Row("override", "en", r"(?:your|here are your|here are the|follow these|follow my|these are your) new (?:instructions?|directives?|system prompt)"),
    Row("override", "en", r"if you are an? (?:ai|llm|large language model|language model|ai assistant|ai agent|chatbot)"),
    Row("override", "en", r"(?:ai|llm|language model|assistant|chatbot)s? (?:that is |which is |currently )?(?:reading|processing|parsing|summari[sz]ing|reviewing) this <4>(?:must|should|please|ignore|has to|will)"),
    Row("override", "de", r"(?:ignorier(?:e|en|t)|vergiss|vergessen|missachte[nt]?|ubergehe[nt]?|uebergehe[nt]?) <4>(?:vorherigen?|bisherigen?|vorangegangenen?|vorigen?|obigen?|fruheren?|frueheren?|deine|ihre|alle) <2>(?:anweisung(?:en)?|instruktion(?:en)?|befehle?|regeln|vorgaben|richtlinien|prompts?)"),
    Row("override", "fr", r"(?:ignore[zr]?|oublie[zr]?|neglige[zr]?|ne (?:tiens|tenez) (?:pas|aucun) compte|fai(?:s|tes) abstraction) <5>(?:instructions?|consignes?|regles|directives|ordres|prompts?) <2>(?:precedente?s?|anterieure?s?|dessus|initiale?s?|systeme)"),
    Row("override", "fr", r"(?:ignore[zr]?|oublie[zr]?) (?:toutes )?(?:tes|vos) (?:instructions?|consignes?|regles|directives)"),
    Row("override", "es", r"(?:ignora[dr]?|ignore|olvida[dr]?|olvide|omite|descarta|no sigas|haz caso omiso) <4>(?:instrucciones|ordenes|reglas|indicaciones|directrices|prompts?) <2>(?:anteriores|previas|iniciales|sistema|arriba)"),
    Row("override", "es", r"(?:ignora[dr]?|ignore|olvida[dr]?|olvide) (?:todas )?(?:tus|sus) (?:instrucciones|ordenes|reglas|directrices)"),
    Row("override", "pt", r"(?:ignor(?:e|a|ar|em)|esque(?:ca|ce|cer)|desconsider(?:e|a|ar)|descarte) <4>(?:instrucoes|ordens|regras|orientacoes|diretrizes|comandos|prompts?) <2>(?:anteriores|previas|acima|iniciais|sistema)"),
    Row("override", "pt", r"(?:ignor(?:e|a|ar)|esque(?:ca|ce|cer)) (?:todas )?(?:as )?(?:tuas|suas) (?:instrucoes|ordens|regras|diretrizes)"),
    Row("override", "hi", r"(?:pichh?l[aei]|pehl[aei]|pahl[aei]|puran[aei]|upar|sabhi|saare|sare|apne) <4>(?:nirdesh(?:on)?|instructions?|niyam(?:on)?|aadesh(?:on)?|prompts?|rules?) <3>(?:ignore|bhool|bhul|nazarandaz|nazar andaz|anadekha|andekha|chhod|chod|chhor|mat maan\w*)"),
    # role play and jailbreak
    Row("role", "en", rf"you are (?:now |henceforth )?(?:an? )?(?:{_FREE}|dan\b|stan\b|do anything now)"),
    Row("role", "en", r"you are now (?:in )?(?:developer|debug|god|admin|root|sudo|jailbreak|dan|unrestricted) mode"),
    Row("role", "en", r"(?:enter|enable|activate|switch to|engage|turn on) (?:god|jailbreak|dan|unrestricted|sudo|unfiltered) mode"),
    Row("role", "en", r"do anything now"),
    Row("role", "en", rf"(?:act|behave|respond|answer|reply|pretend|imagine|role play|roleplay) <8>(?:no (?:restrictions|filters|guidelines|ethics|censorship)|{_FREE}|without (?:any )?(?:restrictions|filters|guidelines|censorship|ethics))"),
    Row("role", "en", r"you (?:no longer|do not|don t) (?:have|need|obey) <3>(?:restrictions|guidelines|limitations|filters|safety)"),
    Row("role", "de", r"du bist (?:jetzt|nun|ab jetzt|ab sofort) (?:ein[e]? )?<1>(?:dan\b|uneingeschrankte?[rs]?|unzensierte?[rs]?|ungefilterte?[rs]?)"),
    Row("role", "fr", r"tu es (?:maintenant|desormais) (?:une? )?<1>(?:dan\b|sans (?:aucune )?(?:restrictions?|limites?|filtres?)|non censuree?)"),
    Row("role", "es", r"ahora eres (?:una? )?<2>(?:dan\b|sin (?:restricciones|limites|filtros|censura))"),
    Row("role", "pt", r"(?:agora )?(?:voce e|tu es) (?:agora )?(?:uma? )?<2>(?:dan\b|sem (?:restricoes|limites|filtros|censura))"),
    Row("role", "hi", r"(?:ab )?(?:tum|aap) (?:ab )?<2>(?:bina (?:kisi )?(?:rok|niyam|pabandi|restrictions?))"),
    # asking for the system prompt or for secrets
    Row("exfiltration", "en", rf"(?:{_SHOW}|what (?:is|are|was|were)|summari[sz]e) <4>(?:system (?:prompt|message|instructions?)|(?:initial|original|hidden|secret|internal|exact) (?:prompt|instructions?|system prompt))"),
    Row("exfiltration", "en", r"(?:reveal|print|repeat|output|leak|dump|recite|expose) (?:all |all of |me )?your (?:\w+ )?(?:instructions|prompt|guidelines|programming|configuration)"),
    Row("exfiltration", "en", r"(?:repeat|print|output|recite|copy) (?:everything|all|the (?:words|text|content|contents)) <3>above"),
    Row("exfiltration", "en", r"(?:send|post|forward|upload|transmit|exfiltrate|leak) <5>(?:conversation|chat history|api keys?|credentials|passwords?|secrets|access tokens?|customer (?:data|records|details)|account numbers) <4>to (?:https?|this (?:url|address|endpoint|server|e?mail)|[\w.+\-]+@)"),
    Row("exfiltration", "de", r"(?:zeig|zeige|verrat|verrate|gib|nenne|wiederhole?|enthulle|offenbare) <4>(?:systemprompts?|system prompts?|systemanweisung(?:en)?|(?:ursprunglichen|geheimen|internen) anweisungen)"),
    Row("exfiltration", "fr", r"(?:montre|affiche|revele|donne|repete|divulgue)[zr]? <4>(?:(?:prompt|message|invite) (?:du )?systeme|instructions (?:systeme|initiales|cachees|secretes|internes))"),
    Row("exfiltration", "es", r"(?:muestra(?:me)?|revela(?:me)?|dime|imprime|repite|ensename) <4>(?:(?:prompt|mensaje) (?:del |de )?sistema|prompt inicial|instrucciones (?:del sistema|iniciales|ocultas|secretas|originales|internas))"),
    Row("exfiltration", "pt", r"(?:mostre|mostra|revele|revela|diga|imprima|repita|exiba) <4>(?:(?:prompt|mensagem) (?:do |de )?sistema|prompt inicial|instrucoes (?:do sistema|iniciais|ocultas|secretas|originais|internas))"),
    Row("exfiltration", "hi", r"(?:system prompt|apne (?:nirdesh|instructions)|chhup[ei] (?:hue )?(?:nirdesh|instructions)) <3>(?:dikha\w*|bata\w*|likh\w*|print)"),
    # coercing tools
    Row("tool", "en", r"you (?:must|have to|are required to) (?:now |immediately |first )?(?:call|invoke|execute|run) <4>(?:tool|function|command|plugin|api|script)s?"),
    Row("tool", "en", r"(?:call|invoke|execute|run|use) the <3>(?:tool|function|plugin|command) (?:now|immediately|right away|without (?:asking|confirmation|approval))"),
    Row("tool", "en", r"(?:do not|don t|never) (?:tell|inform|alert|notify|mention this to) the (?:user|human)"),
)  # fmt: skip
"""Phrases of natural language."""

TOKENS = (
    ("delimiter", r"(?i)<\s*\|\s*(?:system|user|assistant|human|end|start|message|channel|endof[a-z]+|[a-z]+_[a-z0-9_]+)\s*\|\s*>"),  # <|im_start|>, <|eot_id|>
    ("delimiter", r"(?i)\[\s*/?\s*INST\s*\]|<<\s*/?\s*SYS\s*>>"),
    ("delimiter", r"(?i)<\s*/?\s*(?:start|end)_of_turn\s*>"),
    ("delimiter", r"(?i)#{2,}\s*(?:system|instructions?|assistant|human|user)(?:\s+(?:prompt|message))?\s*:"),
    ("delimiter", r"(?i)<\s*/?\s*(?:system|system[_\-]?prompt|assistant)\s*>"),
    ("delimiter", r"(?i)\b(?:system|assistant)\s*:\s*you\s+are\b"),
    ("delimiter", r"""(?i)["']role["']\s*:\s*["']system["']"""),
    ("delimiter", r"(?i)\[\s*(?:end|begin|start)\s+of\s+(?:the\s+)?(?:system\s+)?(?:prompt|instructions|context|user\s+input)\s*\]"),
    ("exfiltration", r"(?i)!\[[^\]\n]*\]\(\s*https?://[^)\s]+\?[^)\s]+=[^)]*\)"),  # an image whose address carries data
    ("tool", r"(?i)<\s*/?\s*(?:tool_call|function_call|tool_use|invoke)\b[^>]*>"),
    ("tool", r"""(?i)["'](?:tool_calls|function_call)["']\s*:"""),
)  # fmt: skip
"""Marks that chat templates and tool protocols are made of, as (kind, RE2 pattern)."""

KINDS = tuple(sorted({row.kind for row in PHRASES} | {kind for kind, _ in TOKENS}))
"""Every kind that a mark may be of."""
