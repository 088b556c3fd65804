"""What prompt injections say in other languages: classes of words as data, and the same ways of combining them.

Words are written as people write them; they are folded like text before they become patterns, letter by letter in both
cases, because a letter may look like a Latin one in one case only. A space stands for what stands between words and
``<3>`` for up to three words; in scripts without spaces ``<3>`` is up to three times four characters.
"""
# ruff: noqa: E501, RUF001 - foreign letters and signs are its content

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

from genie.detectors.injection.languages import asian, european
from genie.detectors.injection.languages._model import Vocabulary
from genie.detectors.unicode import fold

VOCABULARIES = (
    european.GERMAN,
    european.FRENCH,
    european.SPANISH,
    european.PORTUGUESE,
    european.ITALIAN,
    european.DUTCH,
    european.RUSSIAN,
    asian.HINDI,
    asian.HINGLISH,
    asian.CHINESE,
    asian.JAPANESE,
    asian.KOREAN,
    european.POLISH,
    european.CZECH,
    european.UKRAINIAN,
    european.SWEDISH,
    asian.INDONESIAN,
    asian.VIETNAMESE,
    asian.TURKISH,
    asian.ARABIC,
    asian.URDU,
    asian.BENGALI,
    asian.MARATHI,
    asian.GUJARATI,
    asian.TAMIL,
    asian.TELUGU,
)
"""German, French, Spanish, Portuguese, Italian, Dutch, Russian, Hindi (in both scripts), Chinese, Japanese, Korean; and
with fewer ways Polish, Czech, Ukrainian, Swedish, Indonesian, Vietnamese, Turkish, Arabic, Urdu, Bengali, Marathi,
Gujarati, Tamil, Telugu."""


class ForeignRow(NamedTuple):
    """One phrasing of an instruction in another language."""

    kind: str
    language: str
    weight: float
    pattern: str


_ALTERNATIVE = re.compile(r"(?:\([^()]*\)|[^|()])+")
_OF_NOTICES = frozenset(
    _ALTERNATIVE.findall(
        "regeln?|richtlinien?|règles?|reglas|normas|directrices|políticas|regras|diretrizes|regole|direttive|disposizioni|regels|"
        "richtlijnen|voorschriften|правил(?:а|о)?|नियम(?:ों)?|niyam(?:on)?|rules?|guidelines|规则|规定|规矩|准则|規則|ルール|ガイドライン|方針|"
        "ポリシー|규칙|정책|가이드라인|zasad(?:y|ach)?|reguł(?:y|ach)?|pravid(?:la|el|lech)|regler(?:na)?|aturan|peraturan|quy "
        "tắc|quy định"
    )
)
"""Orders in the wide sense that notices speak of: rules, guidelines, policies."""


def rows() -> Iterator[ForeignRow]:
    """Yield the rows of every language."""
    for vocabulary in VOCABULARIES:
        yield from _rows(vocabulary)


def _rows(vocabulary: Vocabulary) -> Iterator[ForeignRow]:
    drop, orders, show = f"(?:{vocabulary.drop})", f"(?:{vocabulary.orders})", f"(?:{vocabulary.show})"
    earlier, your, told = f"(?:{vocabulary.earlier})", f"(?:{vocabulary.your})", f"(?:{vocabulary.told})"
    prompt, free, now = f"(?:{vocabulary.secret_prompt})", f"(?:{vocabulary.free})", f"(?:{vocabulary.you_are_now})"
    # Rules that no longer apply are what every second circular of an authority says; orders are what models have.
    commands = "(?:" + "|".join(one for one in _ALTERNATIVE.findall(vocabulary.orders) if one not in _OF_NOTICES) + ")"
    ways = [
        ("override", 0.85, f"{drop} <4>{earlier} <2>{orders}"),
        ("override", 0.85, f"{drop} <4>{orders} <4>{earlier}"),
        ("override", 0.75, f"{drop} <2>{your} <2>{orders}"),
        ("override", 0.7, f"{drop} <2>(?:{vocabulary.everything}) <5>{told}"),
        ("override", 0.45, f"{drop} <1>(?:{vocabulary.everything})"),
        ("override", 0.4, f"(?:{_NEW.get(vocabulary.code, vocabulary.void)})"),
        ("override", 0.6, f"{commands} <5>(?:{vocabulary.void})"),
        ("override", 0.5, f"(?:{vocabulary.void}) <5>{commands}"),
        ("role", 0.7, f"{now} <8>{free}"),
        ("role", 0.4, now),
        ("role", 0.4, f"(?:{vocabulary.from_now})"),
        ("role", 0.6, f"(?:{vocabulary.from_now}) <6>{free}"),
        (
            "override",
            0.5,
            f"{earlier} <2>{commands} <4>(?:nicht mehr|ne plus|ya no|não mais|non più|niet meer|больше не)",
        ),
        ("role", 0.5, f"(?:{vocabulary.machine}) <6>{free}"),
        ("exfiltration", 0.75, f"{show} <5>{prompt}"),
        ("exfiltration", 0.5, f"{show} <4>(?:{vocabulary.secret})"),
        ("exfiltration", 0.5, f"(?:{vocabulary.send}) <6>(?:{vocabulary.data}) <8>{_PLACE}"),
        ("exfiltration", 0.5, f"(?:{vocabulary.data}) <8>(?:{vocabulary.send}) <8>{_PLACE}"),
        ("tool", 0.6, f"(?:{vocabulary.hush})"),
        ("role", 0.6, _OFF.get(vocabulary.code, "(?:)")),
    ]
    if not vocabulary.word_first:
        ways += [
            ("override", 0.85, f"{earlier} <4>{orders} <4>{drop}"),
            ("override", 0.7, f"{your} <2>{orders} <3>{drop}"),
            ("override", 0.7, f"{told} <4>(?:{vocabulary.everything}) <3>{drop}"),
            ("override", 0.7, f"(?:{vocabulary.everything}) <4>{told} <5>{drop}"),
            ("override", 0.4, f"(?:{vocabulary.everything}) <1>{drop}"),
            ("role", 0.6, f"{free} <3>(?:{vocabulary.machine})"),
            ("exfiltration", 0.75, f"{prompt} <5>{show}"),
            ("exfiltration", 0.5, f"(?:{vocabulary.secret}) <3>{show}"),
        ]
    for kind, weight, phrase in ways:
        if "(?:)" in phrase:
            continue  # a class of words that this language lacks
        yield ForeignRow(kind, vocabulary.code, weight, _pattern(phrase, spaced=vocabulary.spaced))


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
_OFF = {
    "de": "(?:schalte?n?|stelle?n?|deaktiviere?n?|entferne?n?|umgehe?n?|missachten?|missachtet?) "
    "<2>(?:sicherheits(?:filter|regeln|richtlinien|sperren|vorgaben|einstellungen)|inhaltsfilter|(?:deine|ihre)n? "
    "<1>(?:filter|sperren|einschränkungen|beschränkungen|schutzmassnahmen))",
    "fr": "(?:désactive[zr]?|coupe[zr]?|éteins|supprime[zr]?|retire[zr]?|enlève[zr]?|contourne[zr]?|lève[zr]?) "
    "<2>(?:(?:filtres?|règles|protections|mesures|restrictions|contrôles) de "
    "(?:sécurité|contenu|modération)|(?:tes|vos) <1>(?:filtres|protections|garde fous|restrictions|limites))",
    "es": "(?:desactiva[dr]?|desactive|apaga|quita|elimina|elude|salta) "
    "<2>(?:(?:filtros?|reglas|restricciones|medidas|controles) de (?:seguridad|contenido|moderación)|(?:tus|sus) "
    "<1>(?:filtros|protecciones|restricciones|límites|salvaguardas))",
    "pt": "(?:desativ(?:e|a|ar)|deslig(?:ue|a)|remov(?:a|e)|retir(?:e|a)|burle|contorne) "
    "<2>(?:(?:filtros?|regras|restrições|medidas|controles) de "
    "(?:segurança|conteúdo|moderação)|(?:seus|suas|teus|tuas) "
    "<1>(?:filtros|proteções|restrições|limites|salvaguardas))",
    "it": "(?:disattiva(?:re)?|disabilita(?:re)?|spegni|togli|rimuovi|elimina|aggira) "
    "<2>(?:(?:filtri|regole|restrizioni|misure|controlli) di (?:sicurezza|contenuto|moderazione)|(?:tuoi|tue) "
    "<1>(?:filtri|protezioni|restrizioni|limiti|blocchi))",
    "nl": "(?:schakel|zet|verwijder|omzeil|deactiveer) "
    "<2>(?:veiligheids(?:filters?|regels|maatregelen)|inhoudsfilters?|(?:je|jouw|uw) "
    "<1>(?:filters|beperkingen|beveiligingen))",
    "ru": "(?:отключ(?:и|ите)|выключ(?:и|ите)|сним(?:и|ите)|убер(?:и|ите)|обойд(?:и|ите)) "
    "<2>(?:(?:фильтры|ограничения|правила|проверки) безопасности|(?:свои|твои|ваши) "
    "<1>(?:фильтры|ограничения|запреты|защиту))",
    "zh": "(?:关闭|停用|关掉|解除|禁用|绕过|取消)<2>(?:安全(?:过滤器?|限制|检查|策略|审查|措施)|内容(?:过滤器?|审查)|(?:你的|您的)(?:过滤器?|限制|审查|防护))",
    "ja": "(?:安全(?:フィルター|機能|制限|対策)|コンテンツフィルター|(?:あなたの|君の)(?:フィルター|制限)|すべてのフィルター|全てのフィルター)を?<1>(?:オフ|解除|無効|外し|切っ)",
    "ko": "(?:안전 ?(?:필터|장치|규칙|제한)|보안 ?필터|(?:너의|네|당신의|모든) ?(?:필터|제한|제약))[을를]? ?<1>(?:꺼|끄|해제|비활성화|풀어|제거)",
}
"""Guards of a model that are to be switched off; filters alone are also those of tables and of water."""
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
