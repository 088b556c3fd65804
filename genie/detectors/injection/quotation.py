"""Talk about attacks: a quotation in a rule, a test, an article or a course is not an attack.

Only words outside quotations count as such talk. Text that is presented as content (``tool output: "..."``) is no
excuse, and neither is a sentence that itself gives an order.
"""
# ruff: noqa: E501 - tables of one language a line

from __future__ import annotations

import re
from typing import NamedTuple

import re2

from genie.detectors.unicode import fold

_QUOTED = re.compile(
    r"""``[^`]{3,600}``|`[^`\n]{3,400}`|"[^"]{3,600}"|(?<!\w)'(?:[^'\n]|(?<=\w)'(?=\w)){3,400}'(?!\w)"""
    r"""|「[^」]{2,300}」|『[^』]{2,300}』|/[^/\n]{6,200}/[gimsu]{0,3}(?=[\s,;.)]|$)"""
)
_ABOUT_WORDS = (
    r"attack(?:s|er|ers|ed|ing)?|inject(?:s|ed|ion|ions|ing)?|jailbreak\w*|malicious|adversar\w+|hostile|phish\w*|fraudsters?|scammers?|hackers?|criminals?",
    r"detect(?:s|ed|ing|ion|or|ors)?|flag(?:s|ged|ging)|filter(?:s|ed|ing)?|block(?:s|ed|ing|list)|blacklist|denylist|catch(?:es)?|caught|reject(?:s|ed)?|refus(?:e|es|ed)|guardrail\w*|sanitiz\w+|moderation|score[sd]?",
    r"rules?|patterns?|regex\w*|regexp|re2?\.compile|signatures?|heuristics?|tests?|test\w*|tested|testing|fixtures?|assert\w*|expect\w*|corpus|datasets?|corpora|benchmarks?|cases?|parametri[sz]e|is_attack|is_injection|label|benign|labelled",
    r"examples?|samples?|e\.g\.?|such as|for instance|phrases?|wording|strings? (?:like|such)|sentences? (?:like|such)|text like|texts like|words like|prompts? like|inputs? like|classic|typical|known|so called|something like|things like|lines like|messages like|instructions like|commands like",
    r"training|courses?|slides?|lessons?|awareness|workshops?|tutorials?|articles?|papers?|blog\w*|study|studies|research\w*|chapter|book|changelog|release notes?|guidance|advice|documentation|docs|docstring|explain(?:s|ed|ing)?|describe(?:s|d)?|discuss\w*|demonstrat\w+|illustrat\w+|warn(?:s|ed|ing)?|beware|report it|red[- ]?team\w*|owasp|cve|threat\w*|vulnerab\w+|security|defen[cs]es?|mitigat\w+|quote[sd]?|translated?|means?|incident|post-?mortem|fixed|fixes|fix|bug|false positives?|finding|exercise|quiz|payloads?|suspicious|advisor(?:y|ies)|waf|false alarms?|thesis|ctf|pen-?tests?|penetration|bounty|submitted|"
    r"(?:characters?|villains?|hackers?|robots?)(?: named \w+)? (?:says?|said|types?|typed|tells?|told|shouts?)",
    r"angriffe?|angreifer\w*|erkennt|erkennung|erkannt|filter|regeln?|beispiele?|schulung|tests?|artikel|satze wie|phrasen?|attaqu\w+|attaquants?|regles?|detecte\w*|exemples?|formation|phrase|bloque\w*|ataques?|atacantes?|reglas?|detecta\w*|ejemplos?|frases?|formacion|capacitacion|regras?|exemplos?|treinamento|bloqueia|attacc\w+|aggressori|regola|regole|esempi[o]?|rileva\w*|formazione|aanval\w*|aanvallers|voorbeeld\w*|herkent|regels?|training",
)
_ABOUT_FOREIGN = "атак|злоумышленник|правил|пример|фраз|обнаруж|тест|обучени|фильтр|攻击|注入|示例|例如|检测|规则|测试|培训|诸如|攻撃|検出|例えば|テスト|ルール|공격|예시|탐지|규칙|테스트|हमल|उदाहरण|नियम|परीक्षण|प्रशिक्षण|वाक्य जैसे"
_ABOUT = re2.compile(
    rf"(?i)\b(?:{'|'.join(_ABOUT_WORDS)})\b|\b(?:it|test|describe|should)\(|\.(?:match|test|search)\(|{fold(_ABOUT_FOREIGN)}"
)
_BROUGHT_IN = re2.compile(
    r"(?i)(?:\b(?:document|page|web ?site|site|e ?-?mail|mail|message|file|attachment|pdf|output|result|response|tool|api|search|review|comment|body|record|memo|ticket|"
    r"invoice|note|transcript|description|field|cell|row|resume|cv|letter|post|tweet|chat|user|customer|calendar|event|issue|readme|snippet|passage|text|content|contents|"
    r"input|narration|payload|data|report|article|dokument|seite|nachricht|ausgabe|ergebnis|datei|documento|pagina|correo|mensaje|salida|resultado|archivo|fichier|courriel|sortie|resultat|mensagem|saida|arquivo|messaggio|uscita)s?\b[^.!?\n]{0,60}"
    r"(?:\bcontain(?:s|ed|ing)?\b|\bsay(?:s|ing)?\b|\bsaid\b|\breads?\b|\bstate[sd]?\b|\binclude[sd]?\b|\breturn(?:s|ed)?\b|\bhas\b|\bholds\b|\bshows?\b|\bwrites?\b|\bwrote\b|\benthalt\b|\bsagt\b|\blautet\b|\bcontient\b|\bdit\b|\bcontiene\b|\bdice\b|\bcontem\b|\bdiz\b|:)|文档|文件|邮件|网页|工具输出|документ|письмо|страниц|दस्तावेज|ドキュメント|문서)"
    r"[^.!?\n]{0,30}$"
)
_ORDER = re2.compile(
    r"(?i)\b(?:do (?:exactly |just )?(?:what|as|that|so|it)\b|follow (?:it|that|this|these|them|the (?:quot|instruction|order|command|above))|obey|comply|execute (?:it|this|that|them|the)|act on (?:it|this|that)|carry (?:it|this|them) out|"
    r"treat (?:it|this|that) as (?:an? |your )?(?:order|instruction|command)|apply it|now do|make it so|proceed (?:accordingly|with)|you must|you have to|you will now|from now on|mach(?:e)? (?:genau )?(?:das|was)|befolge|fuhre? (?:es|das) aus|fais (?:ce|exactement)|obeis|haz (?:lo|exactamente)|obedece|faca (?:o|exatamente)|fai (?:quello|esattamente)|esegui)\b"
)
_SEARCHED = 50_000  # characters; later quotations are treated as plain text
_BEFORE = re.compile(r"[\w'\s-]{0,48}$")
_TO_YOU = re.compile(
    r"\b(?:you|u|ya|please|pls|now|important|necessary|must|time|want|need|required|then|and|also|just|immediately|"
    r"so|lets?|free|able|allowed|authori[sz]ed|going|have|instead|can|should)\W+(?:\w+\W+)?(?:to\W+)?$",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:to|they|he|she|we|i|it|who|that|which|may|might|can|could|cannot|would|will|did|does|has|have|had|been|is|was|were|are|"
    r"attackers?|users?|customers?|people|models?|ai|assistants?|drivers?|banks?|rules|options|terms|settings|values|clauses?|sections?|flags?|voters|by|of|a|an|in|into|not to|shall|should|others|agents?|llms?|chatbots?|bots?|systems?|from|how|why|when|for|if|about|or|trustee|may not|must not)\W+(?:\w+ly\W+)?$",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:don.?t|dont|never|not|cannot|can.?t|won.?t|mustn.?t|shouldn.?t|avoid|nicht|ne|n|no|nao|non|niet)\b",
    re.IGNORECASE,
)


_NAMED = re.compile(r"\b(?:such as|like|tokens?|tags?|markers?|the|a|an|named|called|e\.g\.)\s+$", re.IGNORECASE)


_SAID = re.compile(
    r"\b(?:(?:phrases?|words|wording|sentence|technique|message|payloads?|instructions) ?(?:like|such as)?|types?|typed|says?|said|saying|"
    r"(?:tells?|told) (?:\w+ ){1,3}|demonstrated|tested|include[sd]?|examples?(?: from (?:\w+ ?){1,3})?|(?:how|why) (?:the )?)[\s:,;(\"'-]{0,3}$",
    re.IGNORECASE,
)
"""Speech without quotation marks; it excuses a mark only if the text talks about attacks."""


class Quotations(NamedTuple):
    """The quotations of a text, and the text around them."""

    spans: tuple[tuple[int, int], ...]
    outside: str
    """The text with every quotation left out."""
    about: bool
    """True if the words outside talk of attacks, tests, rules and the like."""
    ordered: bool
    """True if the words outside tell the reader to follow the quotation."""

    @property
    def excused(self) -> bool:
        """True if the text talks about the quotation and does not ask to follow it."""
        return self.about and not self.ordered


def quotations_of(text: str) -> Quotations:
    """Return the quotations of folded text."""
    spans = tuple(found.span() for found in _QUOTED.finditer(text, 0, _SEARCHED))
    pieces, last = [], 0
    for start, end in spans:
        pieces.append(text[last:start])
        last = end
    outside = " _ ".join([*pieces, text[last:]])
    return Quotations(spans, outside, bool(_ABOUT.search(outside)), bool(_ORDER.search(outside)))


_HARMLESS_AFTER = {
    "exfiltration": re2.compile(
        r"(?i)^(?:如何|怎么|怎样)|^\W{1,3}(?:rules|policy|policies|requirements?|resets?|manager|length|strength|hints?|field|forms?|page|protected|change|"
        r"expir\w+|and exits?|if -{1,2}[a-z]|to std(?:out|err)|generator|leak\w*|templates?|engineering|variables?|parameters?|option|argument)\b"
    ),
    "override": re2.compile(
        r"(?i)^\W{1,3}(?:on|in|inside|from|of|for|that came with|with|by) (?:the|this|his|her|our|my|a|an) (?:\w+ )?(?:packet|box|label|package|tin|manual|wiki|recipe|"
        r"leaflet|form|website|letter|readme|doctor|customer|bank|court|file|runs?|map|driver|regulator|teacher|builds?|parents?|boss|game|book|road)\b"
    ),
}


_DEFINED = re.compile(r"\b(?:def|function|func|fn|class|method|struct|interface|void|const|import)\s+$", re.IGNORECASE)
_CODE_AFTER = re2.compile(
    r"(?i)^\W{1,3}(?:immediately |only |once |twice |directly |again )?(?:after|before|when|whenever|inside|during|until|on|in|from|with) "
    r"(?:the|a|an|each|every|all) (?:\w+ )?(?:hooks?|callbacks?|constructor|loop|event|handler|request|transaction|render|migration|lock|connection|import|test|build|return|main|setup|page|element|form|config\w*|parameter|argument|index|timeout|response)\b"
)
_SOMEBODY_ELSE = re.compile(
    r"\b(?:the|a|an|his|her|its|their|this|that|each|every|our|no|any) (?!(?:ai|model|assistant|agent|system|chat ?bot|bot|llm|user)\b)(?:\w+ ){1,3}(?:is|are|was|were|be|becomes?|remains?|shall be) (?:now |then |finally |at last |once more )?$",
    re.IGNORECASE,
)
_SOMEBODY_IS = re.compile(
    r"\b(?:the|a|an|his|her|its|their) (?!(?:ai|model|assistant|agent|system|chat ?bot|bot|llm|user)\b)(?:\w+ ){1,3}(?:is|are|was|were) (?:now |then |finally |at last |once more )?"
    r"(?:free|without|unbound|no longer|not bound|beyond|above|released)\b",
    re.IGNORECASE,
)
_YOU = re.compile(
    r"\b(?:you|your|yourself|u|ya|ai|assistant|model|chat ?bot|dan|act as|pretend|imagine|role)\b", re.IGNORECASE
)
_UNNAMED = re.compile(
    r"\b(?:function|method|api|endpoint)(\W*(?:immediately|only|once|directly|again)?)$", re.IGNORECASE
)
_PAPERS = re.compile(
    r"\b(?:agreement|contract|amendment|annex|schedule|terms|policy|circular|directive|notification|order|edition|version|offer|letter|clause|memorandum|deed|lease|will|licen[cs]e|tariff|release)\s+"
    r"(?:(?:shall|will|may|now|hereby|entirely|fully)\s+)*$",
    re.IGNORECASE,
)
_SUPERSEDES = re2.compile(r"(?i)^(?:supersed|replac|overrid|revok|cancel|annul)\w*\b")


_MACHINES = r"(?!(?:ai|model|assistant|agent|system|chat ?bot|bot|llm|user|reader)\b)"
_MADE_TO = re.compile(
    rf"\b(?:mak(?:es?|ing)|made|lets?|caus(?:es?|ing)|help(?:s|ed)?) (?:the|a|an|my|his|her|our|their|this|that|every|each) {_MACHINES}(?:\w+ ){{1,3}}$",
    re.IGNORECASE,
)
"""A cause and a device: the reset makes the router forget all settings."""
_SHE_IS = re.compile(
    r"\b(?:he|she|they|we|i)\W{1,2}(?:(?:am|is|are|was|were|became|felt|feels?) )(?:now |then |finally |at last )?$",
    re.IGNORECASE,
)
_LIMITS_ON = re.compile(
    r"^\W{1,2}(?:on|for|to) (?!(?:what|your|you|content|anything|topics?|language|speech|words?|answers?|output|it|them|anyone|this|that|the (?:rest|content|answers?|topic))\b)\w",
    re.IGNORECASE,
)
"""Limits of a thing: a card with no limits on spending."""
_STAGE = re.compile(
    r"\b(?:in|for|during|throughout) (?:this|the|a|an|our|each|that) (?:\w+ ){0,2}(?:game|play|act|scene|simulation|film|movie|novel|opera|musical|drama|comedy|level|campaign|match)\b",
    re.IGNORECASE,
)
_OF_MODELS = re.compile(
    r"\b(?:ai|assistant|model|chat ?bot|bot|llm|dan|machine|filters?|restrictions?|guidelines|ethic\w*|moral\w*|censor\w*|policy|policies|answer\w*|refus\w+|quer(?:y|ies)|questions?|prompts?|instructions?)\b",
    re.IGNORECASE,
)
_IDIOM = re.compile(
    r"\b(?:know|knew|learned|saviez|savez|wussten|wissen|sabes?|sabias?|sabia|sapevi|sapevate)\W{1,3}(?:about|of|du|de la|de l|des|uber|ueber|sobre|su|sul|over) "
    r"(?!(?:you|your|the (?:above|rules?|conversation|instructions?|prompt|system)|this|that|it|us|our|me|being|rules?|safety|ethics|instructions?|vos?|votre|les|deine?n?|tus?|suas?)\b)",
    re.IGNORECASE,
)
"""Forget everything you know about rice: an idiom of advertisements, which names its subject."""


_KEPT = re.compile(
    fold(
        r"(?i)\b(?:nobody|no one|anyone else|strangers|third part(?:y|ies)|niemals|nie|niemand(?:em|en)?|keinem|dritte[nr]?|jamais|personne|"
        r"tiers|nunca|jamás|nadie|terceros|ninguém|mai|nessuno|terzi|nooit|anderen|derden|никому|никогда|третьим лицам|посторонним|kisi (?:ko|se|ke)|"
        r"nikomu|kimseyle|kimseye|siapa ?pun|ingen|bất kỳ ai|không ai)\b|किसी (?:को|से|के)|कभी|任何人|别人|他人|不会要求|誰にも|第三者|"
        r"いけません|다른 사람|누구에게도|타인|제 ?3자|কাউকে|কারো|कोणालाही|कुणालाही|કોઈને|யாரிடமும்|ఎవరికీ|ఎవరితోనూ|لأحد|أي شخص|کسی کو|کسی سے"
    )
)
"""Advice to keep a secret; `fold` leaves the signs of the pattern unchanged."""
_CLAUSE = re.compile(r"(?:(?! (?:and|und|et|y|e|en|и|और|aur) )[^.!?;:,\n、।]){0,32}")
_SUBJECT = re.compile(
    r"\b(?:la|le|l|el|o|a|il|lo|das|der|die|het|de|un|une|una|um|uma|este|esta|cette|ce|questa|questo|dieser?|dit|deze)\W{1,2}(?:\w+ ){1,2}$",
    re.IGNORECASE,
)
"""In Romance and Germanic languages a statement can look like an order to show something: la page affiche."""


def _told_of(language: str, text: str, start: int, end: int, before: str) -> bool:
    """Return True if an apparent demand for a secret is advice to keep it, or a statement about a page or file."""
    after = _CLAUSE.match(text, end)
    return (language != "en" and _SUBJECT.search(before) is not None) or bool(
        _KEPT.search(before + text[start:end] + (after[0] if after else ""))
    )


def _of_others(kind: str, text: str, start: int, end: int, before: str) -> bool:
    """Return True if a mark is a name in code, a step of a program, or a statement about something else than the reader."""
    found = text[start:end]
    if _DEFINED.search(before) and not any(char.isspace() for char in found.strip()):
        return True
    if kind == "tool":
        called = _UNNAMED.search(found)
        return called is not None and bool(_CODE_AFTER.search(text[start + called.start(1) : end + 96]))
    if kind == "role":
        staged = _STAGE.search(text[max(0, start - 80) : end])
        return bool(
            _SOMEBODY_ELSE.search(before)
            or (_SOMEBODY_IS.search(found) and not _YOU.search(found))
            or _SHE_IS.search(before)
            or _LIMITS_ON.search(text[end : end + 40])
            or (staged and not _OF_MODELS.search(text[start : end + 120]))
        )
    return kind == "override" and bool(
        (_SUPERSEDES.search(found) and _PAPERS.search(before))
        or _MADE_TO.search(before)
        or _IDIOM.search(text[start : end + 48])
    )


def weight_of(kind: str, language: str, text: str, start: int, end: int, quoted: Quotations) -> tuple[float, bool]:
    """Return the weight of a mark in its context, in [0, 1], and whether it is in a quotation.

    Args:
        kind: Kind of the mark.
        language: Language of the mark.
        text: Folded text.
        start: First character of the mark.
        end: One past its last character.
        quoted: The quotations of the text.
    """
    inside = next((span for span in quoted.spans if 2 * (min(span[1], end) - max(span[0], start)) > end - start), None)
    if inside is not None:
        return (1.0 if _brought_in(text, inside, quoted) else 0.0), True
    before = _BEFORE.search(text, max(0, start - 48), start)
    words = before[0] if before else ""
    after = _HARMLESS_AFTER.get(kind)
    hidden = kind == "encoded"  # the words before it are not part of what it hides
    if not hidden and (_NEGATED.search(words) or (after is not None and after.search(text[end : end + 64]))):
        return 0.3, False
    if hidden or kind == "delimiter":
        return (0.15 if quoted.about and _NAMED.search(words) else 1.0), False
    if _of_others(kind, text, start, end, words):
        return 0.3, False
    if kind == "exfiltration" and _told_of(language, text, start, end, words):
        return 0.3, False
    if _TO_YOU.search(words):
        return 1.0, False
    if _REPORTED.search(words):
        return (0.15 if quoted.about else 0.45), False
    edge = max((end for _, end in quoted.spans if end <= start), default=0)
    said = quoted.about and not quoted.ordered and _SAID.search(text[max(edge, start - 64) : start])
    return (0.15 if said else 1.0), False


def _brought_in(text: str, span: tuple[int, int], quoted: Quotations) -> bool:
    """Return True for a quotation that is content and not being discussed."""
    if not quoted.excused:
        return True
    line = max(text.rfind("\n", 0, span[0]), text.rfind(". ", 0, span[0])) + 1
    if not _BROUGHT_IN.search(text[max(line, span[0] - 120) : span[0]]):
        return False
    stop = min((at for at in (text.find("\n", span[1]), text.find(". ", span[1])) if at >= 0), default=len(text))
    return not _STRONGLY.search(
        text[max(line, span[0] - 160) : span[0]] + " _ " + text[span[1] : min(stop, span[1] + 160)]
    )


_STRONGLY = re2.compile(
    rf"(?i)\b(?:{_ABOUT_WORDS[0]}|detect\w*|flag(?:s|ged)|filter(?:s|ed)|block(?:s|ed)|rules?|patterns?|regex\w*|tests?|fixtures?|assert\w*|examples?|samples?|such as|e\.g\.?|phrases?|"
    r"training|awareness|changelog|papers?|research\w*|owasp|red[- ]?team\w*|angriff\w*|angreifer|beispiele?|attaqu\w+|exemples?|ataques?|ejemplos?|exemplos?|esempi\w*)\b"
)
