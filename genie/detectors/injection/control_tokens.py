"""Marks of chat templates, tool protocols and hidden channels, as data: kind, code, weight, RE2 pattern."""
# ruff: noqa: E501 - a table of one row a line

from __future__ import annotations

from typing import NamedTuple


class ControlToken(NamedTuple):
    """One mark that is not a phrase of a language."""

    kind: str
    language: str
    weight: float
    pattern: str


def _token(kind: str, weight: float, pattern: str) -> ControlToken:
    return ControlToken(kind, "any", weight, f"(?i){pattern}")


TOKENS = (
    _token("delimiter", 0.85, r"<\s*\|\s*(?:system|user|assistant|human|end|start|message|channel|endof[a-z]+|[a-z]+_[a-z0-9_]+)\s*\|\s*>"),  # <|im_start|>, <|eot_id|>
    _token("delimiter", 0.8, r"\[\s*/?\s*INST\s*\]|<<\s*/?\s*SYS\s*>>"),
    _token("delimiter", 0.8, r"<\s*/?\s*(?:start|end)_of_turn\s*>"),
    _token("delimiter", 0.55, r"#{2,}\s*(?:system|instructions?|assistant|human|user|response|new instructions?|admin)(?:\s+(?:prompt|message|override))?\s*:"),
    _token("delimiter", 0.25, r"<\s*/?\s*(?:system|system[_\-]?prompt|assistant|sys|admin|system[_\-]?(?:message|instructions?|override|note)|im_start|im_end)\s*>"),
    _token("delimiter", 0.6, r"<\s*/\s*(?:system|sys|instructions?|context|document|data|user)\s*>\s{0,8}<\s*(?:system|sys|admin|instructions?|order)\b"),  # one ends, another begins
    _token("delimiter", 0.6, r"(?:^|[\s.!?>])<\s*/\s*system\s*>|<\s*system\s*>(?:\s|$)"),  # not <system>billing</system>
    _token("delimiter", 0.45, r"<\s*/?\s*(?:system[_\-](?:prompt|message|instructions?|override|note)|assistant|sys|admin|im_start|im_end)\s*>"),
    _token("delimiter", 0.6, r"\b(?:system|assistant)\s*:\s*you\s+(?:are|must|will|now|grade|should|have)\b"),
    _token("delimiter", 0.6, r"""["']role["']\s*:\s*["'](?:system|developer)["']"""),
    _token("delimiter", 0.7, r"\[\s*/?(?:end|begin|start)\s+of\s+(?:the\s+)?(?:system\s+|user\s+)?(?:prompt|instructions|context|input|data|message|document|text)\s*\]"),
    _token("delimiter", 0.6, r"[\[({]{1,3}\s*/?\s*(?:system|admin)(?:[\s_\-]+(?:message|prompt|note|override|update|instructions?|alert|command|notice|mode|directive))?\s*[:#]?\s*[\])}]{1,3}"),
    _token("delimiter", 0.45, r"(?:\n|[.!?;>\])}\"'*-]\s+|\bassistant\s*:[^\n]{0,300}\s)(?:\*\*|\[|#\s*)?system(?:[\s_]+(?:message|prompt|note|override|update|instructions?|alert|notice|command|directive|admin))?\s*:"),
    _token("delimiter", 0.5, r"\bnew (?:instructions?|directives?|orders?|task|system prompt)\s*:"),
    _token("delimiter", 0.2, r"(?:^|[\n\x1f])\s*(?:\*\*)?system\s*:"),
    _token("delimiter", 0.5, r"(?:^|[\n\x1f]|[.!?]\s)\s*(?:assistant|ai|model)\s*:\s*(?:sure|of course|certainly|yes|okay|absolutely|i will now)\b"),
    _token("delimiter", 0.5, r"\b(?:note|nota|hinweis|aviso|message|mensaje|mensagem|nachricht|avviso|messaggio|melding|instruction|anweisung)\s*(?:de\s+|du\s+|di\s+|del\s+|do\s+|vom\s+|van\s+het\s+)?(?:systeme|sistema|system|systeem)\s*:"),
    _token("delimiter", 0.45, r"\bsystem[\s_]+(?:override|prompt|instructions?|directive|command|note|notice|message|update)s?\s*(?:\]|:|>|=|-{1,2}\s)"),
    _token("delimiter", 0.45, r"-{2,}\s*(?:end|begin|start|stop)\b[\s\w]{0,24}\b(?:data|input|document|prompt|context|text|instructions?|email|e-mail|message|content|article|query|system|user)\b\s*-*"),
    _token("delimiter", 0.35, r"\b(?:end|begin) of (?:the )?(?:document|prompt|context|user input|instructions?|system prompt|input|user data|untrusted \w+)\b\s*[.:\]\-)]"),
    _token("delimiter", 0.3, r"</\s*(?:document|context|data|user_?input|input|query|instructions?|untrusted|content|user|email|text|prompt|article|source|search_results?)\s*>"),
    _token("delimiter", 0.4, r"\bhuman\s*:[^\n]{0,300}\s(?:assistant|ai|system)\s*:|\bassistant\s*:[^\n]{0,300}\shuman\s*:"),
    _token("delimiter", 0.4, r"\b(?:begin|end|start)(?:_| )?(?:admin|system|developer|new|override|secret|hidden)(?:_| )?(?:instructions?|prompt|override|message|session|mode)\b"),
    _token("delimiter", 0.35, r"[}\]]\s*,\s*\{\s*[\"']role[\"']"),
    _token("delimiter", 0.5, r"<!--[^>]{0,80}\b(?:ai|assistants?|llms?|agents?|instructions?|chatbots?|language models?|prompt)\b"),
    _token("delimiter", 0.35, r"\b(?:important|attention|urgent|warning)\b\s*(?:!{2,}|:\s*(?:ignore|disregard|new|ai|assistant|override|system|instructions?)\b)"),
    _token("delimiter", 0.5, r"<\s*(?:important|instructions?|urgent|secret|hidden|override|new_?instructions?|admin|information|note_to_\w+)\s*>"),
    _token("exfiltration", 0.8, r"!\[[^\]\n]{0,100}\]\(\s*https?://[^)\s]{1,300}[?&](?:d|data|q|c|x|m|p|i|t|b|msg|message|text|content|secrets?|info|prompt|history|chat|conv\w*|leak|exfil\w*|payload|users?|e?mail|balance|key|pw|pass\w*|summary|session|input|output|body|stolen|log|value|account|card|name|note)="),  # an image whose address carries data
    _token("exfiltration", 0.7, r"!\[[^\]\n]{0,100}\]\(\s*https?://[^)\s]{1,300}(?:[{$<]|%7b|=[\w+/%\-]{40,})"),
    _token("exfiltration", 0.15, r"!\[[^\]\n]{0,100}\]\(\s*https?://[^)\s]{1,300}\?[^)\s]*="),
    _token("exfiltration", 0.5, r"https?://[^\s)\"']{1,200}[?&/][\w.\-]*=?(?:\{|\[|<|%7b|\$\{)\s*(?:data|secret|prompt|conversation|history|user|system|chat|summary|password|key|email|content|info|message|token)"),
    _token("exfiltration", 0.3, r"<img[^>]{1,200}src\s*=\s*[\"']?https?://[^>\s]{1,200}\?[^>\s]{1,200}="),
    _token("exfiltration", 0.6, r"!\[[^\]\n]{0,100}\]\(\s*https?://[^)\s]*(?:secret|passw|history|summary|conversation|prompt|token|base64|balance|account)[^)]*\)"),
    _token("override", 0.6, r"\b(?:you|we)(?:.ve)? (?:have |had )?(?:already |previously |earlier )(?:agreed|promised|confirmed|consented|accepted|approved)\b[^.\n]*\b(?:ignor\w+|bypass\w*|skip|disable|without (?:any )?(?:restrictions?|limits?|filters?|rules|approval|checks?|refus\w+)|unrestricted|reveal|disclose|no (?:rules|restrictions|filters)|drop (?:your|the))\b"),
    _token("override", 0.6, r"\b(?:tu (?:as|avais)|vous (?:avez|aviez)) deja (?:accepte|promis|confirme|consenti)\b[^.\n]*\b(?:ignor\w+|oubli\w+|contourn\w+|revel\w+|(?:sans|n.(?:as|avez)) (?:aucune? )?(?:restriction|filtre|limite|regle)s?)\b"),
    _token("override", 0.6, r"\b(?:(?:du hast|sie haben) (?:bereits|schon|ja)|wir (?:hatten|haben)) [^.\n]*(?:zugestimmt|zugesagt|versprochen|bestatigt|vereinbart|abgemacht)\b[^.\n]*\b(?:vergiss\w*|vergess\w*|ignorier\w+|umgeh\w+|verrat\w+|ohne (?:jede )?(?:einschrankung|filter|regel|beschrankung)\w*)\b"),
    _token("override", 0.6, r"\b(?:ya (?:has |habias )?(?:aceptaste|aceptado|prometiste|prometido|confirmaste|confirmado|acordamos)|acordamos que)\b[^.\n]*\b(?:ignor\w+|olvid\w+|revel\w+|(?:sin|no tienes) (?:ninguna )?(?:restriccion|filtro|limite|regla)\w*)\b"),
    _token("override", 0.55, r"\bin (?:our|the|your) (?:last|previous|earlier) (?:chat|conversation|session|message|reply) you (?:already |had |have )*(?:agreed|promised|accepted|confirmed|said you)\b"),
    _token("tool", 0.7, r"<\s*/?\s*(?:tool_call|function_call|tool_use|invoke|function_calls|tool_code)\b[^>]{0,200}>"),
    _token("tool", 0.6, r"""["'](?:tool_calls|function_call)["']\s*:"""),
    _token("tool", 0.4, r"\b(?:curl|wget)\b[^|\n]{3,120}\|\s*(?:sudo\s+)?(?:ba|z)?sh\b"),
    _token("tool", 0.4, r"\b(?:assistant|ai|ai[- ]assistant|agent|chatgpt|gpt|claude|gemini|copilot|bot|chatbot|llm|ki-assistent|asistente|assistente|ассистент|助手|एआई)\s*[,:]\s*(?:please\s+|now\s+|you must\s+)?(?:ignore|send|forward|transfer|run|execute|call|open|delete|reveal|print|say|add|e-?mail|wire|pay|approve|write|output|click|visit|respond|reply|mark|set|grant|change|include|forget|disregard|download|submit|update|use|give|tell|do|remember|recommend|stop|append|copy|upload|post|book|buy|order|share|summari[sz]e this as|uberweise|sende|ignorier|envia|envoie)"),
    _token("tool", 0.35, r"\bp\.?\s?s\.?\s*[:.]?\s*(?:to|for)\s+(?:the\s+|any\s+|our\s+)?(?:\w+\s+)?(?:ai|assistant|agent|bot|llm|model)\b"),
    _token("tool", 0.4, r"\b(?:note|nota|hinweis|notiz|attention|message|mensaje|mensagem|instruction|bemerkung)\s+(?:pour|para|fur|an|per|voor|to|al|a)\s+(?:l'|la\s+|le\s+|el\s+|o\s+|den\s+|die\s+|the\s+|il\s+|de\s+)?(?:assistante?|agente?|ia|ki|ai|asistente|assistente|modelo|modell|bot)\b"),
    _token("tool", 0.3, r"\b(?:execute|run|enter|type|paste) the (?:\w+ )?(?:shell |terminal |bash |following )?(?:command|script|code) (?:below|above|in)\b"),
    _token("delimiter", 0.55, r"[\[<({#/*\-]{1,4}\s{0,3}(?:hidden\s{1,3})?(?:ai|llm|assistant|model|agent|chatbot)[\s_\-]{1,2}(?:notes?|instructions?|override|directives?|command|task)\b\s{0,2}[:\])}>]"),
    _token("tool", 0.55, r"\b(?:note|message|instructions?|attention|notice)\s{1,3}(?:to|for)\s{1,3}(?:the\s{1,3}|any\s{1,3}|all\s{1,3})?(?:ai|llms?|ai[ \-](?:agents?|assistants?|reviewers?|models?)|language models?|chatbots?)\b\s{0,3}[\])]?\s{0,2}:"),
    _token("tool", 0.6, r"/dev/tcp/[\w.\-]{1,60}/[0-9]{1,5}\b"),
)  # fmt: skip
"""Every token; phrases of natural languages are in ``languages``."""
