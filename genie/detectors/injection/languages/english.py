"""What prompt injections say in English, as data: one row a way of saying it, composed of classes of words.

In a row a space stands for any run of characters that are not words, so line breaks, dashes and quotes between words do
not hide them; ``<3>`` stands for up to three words in between. Rows are RE2 and match without regard to case; they are
written without accents, as folded text is. A row's weight is how sure it makes by itself, in (0, 1]; weights of
different rows add up as independent evidence, so that two hints may make a mark where one does not.
"""
# ruff: noqa: E501 - a table of one row a line

from __future__ import annotations

import re
from typing import NamedTuple


class Row(NamedTuple):
    """One way of saying one thing."""

    kind: str
    language: str
    weight: float
    phrase: str

    @property
    def pattern(self) -> str:
        """The RE2 pattern."""
        gaps = re.sub(r"<(\d)>", lambda count: rf"(?:\w+{_BETWEEN}){{0,{count[1]}}}", self.phrase)
        return r"(?i)\b(?:" + gaps.replace(" ", _BETWEEN) + r")\b"


_BETWEEN = r"[\W_]+"

# --- classes of words ---

_NOT = r"(?:do not|don t|dont|never|must not|mustn t|should not|shouldn t|no longer|not to|need not)"
_HEED = r"(?:follow|obey|listen to|comply with|adhere to|stick to|abide by|heed|respect|observe|apply|use|honou?r)"
_DROP = (
    r"(?:ignore|ignoring|ignores|disregard|disregarding|forget|forgetting|override|overriding|overrule|bypass|bypassing|circumvent|neglect|"
    r"overlook|disobey|unlearn|nullify|displace|defy|violate|break free (?:of|from)|pay no attention to|take no notice of|"
    rf"(?:stop|cease|quit|avoid) (?:following|obeying|applying|listening to|complying with|adhering to|using)|{_NOT} <1>{_HEED})"
)
_SHED = (
    r"(?:drop|discard|abandon|erase|delete|remove|clear|wipe(?: out)?|reset|cancel|replace|suspend|scrap|scratch|dismiss|skip|strike|purge|"
    r"rewrite|deprecate|leave behind|leave aside|set aside|put aside|throw (?:out|away)|let go of|move past|step outside|look past|get rid of)"
)
_EARLIER = (
    r"(?:previous|prior|above|earlier|preceding|foregoing|initial|original|system|existing|former|past|old|last|first|current|"
    r"default|built in|hidden|given|aforementioned|antecedent|outdated|predefined|preset|pre existing|safety|ethical|moral|content|openai|developer|developers|programmed|core)"
)
_ORDERS = (
    r"(?:instructions?|instuctions?|intructions?|instrctions?|prompts?|prompting|rules?|ruleset|directions?|directives?|guidelines?|guidance|commands?|constraints?|"
    r"restrictions?|programming|guardrails?|orders?|policies|policy|protocols?|limitations?|safeguards?|filters?)"
)
_COMMANDS = r"(?:instructions?|prompts?|prompting|ruleset|directives?|constraints?|programming|guardrails?|limitations?|restrictions?|safeguards?|filters?|system (?:rules|guidelines|policies))"
_NOTICES = r"(?:rules?|directions?|guidelines?|guidance|commands?|orders?|policies|policy|protocols?)"  # of which notices say so too
_MATTER = r"(?:context|tasks?|assignments?|briefs?|briefing|text|inputs?|content|messages?|conversation|conversations|words|sentences?|training|information|requests?|questions?|statements?|settings|persona|roles?|article|document|query|queries)"
_ALL = r"(?:all|any|every|each|all the|all of the|any of the|all of|all these|all those|any and all|each and every|the entire)"
_ASK = (
    r"(?:say|print|output|write|reply|respond|tell|answer|show|give|spit|repeat|list|mention|reveal|act|pretend|display|return|type|do|"
    r"start|begin|generate|create|translate|explain|describe|provide|make|send|summari[sz]e|speak|call|execute|run|approve|confirm|play|let|focus|follow|obey|listen)"
)
_SHOW = (
    r"(?:reveal|show|print|repeat|output|display|tell|give|share|leak|expose|dump|disclose|recite|echo|reproduce|return|divulge|"
    r"spit|write|quote|paste|copy|list|mention|provide|send|spell|read|extract|unveil|describe|post|regurgitate|encode|translate|uncover|let me (?:see|know|have|read))"
)
_OUT = r"(?:me|us|out|back|down|it|here|up|aloud|verbatim|exactly|please)"
_FREE = (
    r"(?:unrestricted|unfiltered|uncensored|jailbroken|amoral|immoral|unethical|rogue|unlimited|evil|malicious|unaligned|lawless|unbound|"
    r"unhinged|unmoderated|uncontrolled|unchained|limitless|fearless|hateful|rude|toxic)"
)
_LIMITS = (
    r"(?:restrictions?|limits?|limitations?|rules?|filters?|filtering|guidelines?|ethics|morals?|morality|censorship|constraints?|policy|policies|"
    r"boundaries|conscience|safeguards|guardrails|inhibitions|safety|confines|scruples|regard for)"
)
_WITHOUT = r"(?:without|no|zero|free from|free of|freed from|not bound by|not bound to|not limited by|unbound by|unconstrained by|never follows|ignores|ignoring|beyond|lacks?|lacking|outside of|outside)"
_MACHINE = (
    r"(?:ai|a i|ais|llms?|language models?|assistants?|chatbots?|chatgpt|gpt|bots?|models?|agents?|copilot|claude|gemini|llama|"
    r"robots?|artificial intelligence|ai (?:systems?|models?|assistants?|agents?|tools?|reviewers?|screeners?)|machine)"
)
_MIND = r"(?:ai|a i|llm|language model|assistant|chatbot|chatgpt|gpt|bot|agent|copilot|claude|ai (?:system|model|assistant|agent|tool)|automated (?:system|assistant|reviewer|screener|agent))"
_PERSON = r"(?:user|human|operator|end user|account holder|owner|person)"
_FROM_NOW = r"(?:from (?:now|here|this (?:moment|point|message|line|sentence)|today) (?:on|onward|onwards|forward)|from now|henceforth|hereafter|starting (?:now|today)|as of now|for the rest of (?:this|the|our) <1>(?:conversation|chat|session))"
_HIDDEN = r"(?:secrets?|passwords?|passphrase|passcode|pass ?word|flag|magic word|secret (?:word|key|code|phrase|string)|hidden (?:word|key|code|phrase)|api keys?|credentials|access (?:tokens?|code|keys?)|private keys?|code ?word|keyword|auth tokens?)"
_KEY = _HIDDEN.replace("(?:secrets?|", "(?:", 1)
_PRIVATE = (
    r"(?:conversations?|chat (?:history|logs?)|api keys?|credentials|passwords?|secrets|access tokens?|cookies|customer (?:data|records|details|list)|"
    r"account (?:numbers?|details|information|balance)|balance|(?:user|users|personal|private|sensitive|confidential|stored|saved|internal|health|medical|genetic|financial|payment|bank|credit card|"
    r"browsing|search|purchase|location|contact|client|employee|patient|login|environment) <1>(?:data|details|information|info|records?|addresses|history|methods?|cards?|numbers?|variables?|files?|documents?|messages?|emails?|profile|list|notes?|secrets?)|system prompt|inbox|mailbox|contacts|address book|ssh keys?|env file|mailing list|emails|transaction history|client list)"
)
_PLACE = r"(?:https?|www|[\w.+\-]+@|this (?:url|address|link|endpoint|server|(?:e mail|email)|number|account|webhook|site)|the (?:following|attacker|url|address below)|my (?:server|site|webhook|endpoint)|an external|attacker|evil)"

PHRASES = (
    # --- instruction override ---
    Row("override", "en", 0.9, rf"{_DROP} <4>{_EARLIER} <2>{_ORDERS}"),
    Row("override", "en", 0.85, rf"{_DROP} <2>(?:your|ur|yours) <3>{_ORDERS}"),
    Row("override", "en", 0.75, rf"{_DROP} {_ALL} <2>{_ORDERS}"),
    Row("override", "en", 0.75, rf"{_DROP} <3>{_ORDERS} <3>(?:above|before|so far|previously|earlier|were given|have been given|you (?:received|got|had|have|were|ve|are|follow|was)|at the (?:top|start|beginning)|i gave|they gave|prior to|up to)"),
    Row("override", "en", 0.7, rf"(?:do not|don t|dont|no longer|never) (?:have|need) to {_HEED} <2>(?:your|the|any|those|these|their) <2>{_ORDERS}"),
    Row("override", "en", 0.6, rf"{_DROP} <2>(?:your|the) <1>(?:developers?|creators?|makers?|programmers?|owners?|trainers?|openai|operator)"),
    Row("override", "en", 0.35, rf"{_DROP} <3>(?:your|the|its) <1>(?:user|users|human|customer)s? s? ?<1>(?:question|request|message|query|input)"),
    Row("override", "en", 0.4, r"(?:i am|i m|me as|me is|you (?:only )?(?:work|answer) (?:for|to)) (?:now )?(?:your (?:only|new|sole) \w+|me|only me)(?: now)?"),
    Row("override", "en", 0.45, r"(?:replaces?|overwrites?|supersedes?|override|overrides) <2>(?:your|the) <1>(?:system|previous|original|initial|existing|prior|instructions?|prompt|rules)"),
    Row("override", "en", 0.45, r"(?:your|the) (?:instructions?|rules|guidelines|directives?|prompt|task|role|orders?) (?:have|has|are|is|was|were) (?:now |just |been |hereby )*(?:changed|updated|modified|replaced|rewritten|amended)"),
    Row("override", "en", 0.35, rf"{_DROP} (?:the|these|those|this|such) <1>{_ORDERS}"),
    Row("override", "en", 0.45, rf"{_DROP} <3>(?:previous|prior|above|earlier|preceding|original|initial|foregoing|your) <1>{_MATTER}"),
    Row("override", "en", 0.6, rf"{_DROP} <1>(?:your|the) <1>training"),
    Row("override", "en", 0.35, r"(?:nothing else|anything else|no other (?:words?|text|output|answer)|nothing but (?:this|that|the))"),
    Row("override", "en", 0.45, rf"{_DROP} <2>(?:safety|security|ethic\w*|moderation|reviewer|review|compliance|content) <1>(?:stuff|guidelines|checks?|rules|policy|policies|things|concerns|measures|training|warnings?)"),
    Row("override", "en", 0.5, rf"(?:{_DROP}|{_SHED}) (?:all |any |every |the |your )+<1>(?:safety |security |approval |verification )*(?:checks?|confirmations?|approvals?|verifications?|safeguards|safety \w+)"),
    Row("override", "en", 0.6, rf"{_SHED} <3>(?:previous|prior|above|earlier|preceding|original|initial|your|safety|system|all of your|ethical) <2>(?:instructions?|prompts?|rules|directives?|guidelines?|programming|guardrails|orders|restrictions|constraints|limitations|safeguards|training|context|memory|policy|policies|persona)"),
    Row("override", "en", 0.75, rf"(?:{_DROP}|{_SHED}) <1>(?:everything|all|anything|whatever|what|all that|all the things|the things|stuff|the stuff|what ever) <3>(?:you (?:were|have been|ve been|are|had been|was|have|had|ve) <2>(?:told|given|instructed|taught|asked|trained|programmed|learned|learnt|read|said|shown)|(?:they|we|openai|your (?:developers?|creators?|makers?|programmers?|owners?|company|boss)|the (?:developers?|system|others)|anyone|others|people|somebody|someone|has been|was|were) <3>(?:told|taught|asked|instructed|wrote|gave|said|written|trained|fed))"),
    Row("override", "en", 0.7, r"(?:ignore|disregard|forget|neglect|erase|drop) <1>(?:everything|all|anything|whatever|all of it|all that|what) <3>(?:above|before|previously|so far|earlier|prior|preceding|up to (?:now|this|here|that)|until now|in the past|came first)"),
    Row("override", "en", 0.48, r"(?:ignore|disregard|forget) (?:about )?(?:everything|it all|all of (?:it|that|this|them|the above)|all that)"),
    Row("override", "en", 0.7, rf"(?:ignore|disregard|forget|scratch|never mind|forget about|scrap) (?:about )?<1>(?:that|this|it|all|above|everything|the above|the former|the rest|the article|the text|the document|the question|the (?:earlier|previous) \w+|the task|them|these|those|what (?:i|we) (?:said|asked)) (?:and |but |now |instead |then |please |just |only |simply |rather |the (?:real|new|actual) )+<2>{_ASK}"),
    Row("override", "en", 0.5, r"(?:ignore|disregard|forget) (?:all |everything |of )*(?:the )?(?:above|aforementioned|foregoing)(?: and| but| text| content| instead| now| directions?| completely| entirely)"),
    Row("override", "en", 0.35, r"(?:forget|ignore|disregard|abandon|drop|stop|cancel|skip|leave) <2>(?:the|your|this|that|current|previous|original) <1>(?:task|assignment|job|question|translation|summary|summarization|request|mission|goal|objective|work)"),
    Row("override", "en", 0.3, r"(?:now|instead|rather|actually|okay|ok|great|well done|good|thanks|perfect|excellent) <1>(?:please |just |only |simply |you (?:must|will|should|have to|need to) )*(?:say|print|output|reply|respond|spit|repeat|reveal|act|pretend|tell me your|show me (?:your|all)|answer (?:only|with|as|like)|write (?:only|an? (?:insult|poem|hateful)))"),
    Row("override", "en", 0.45, r"(?:rather than|instead of) (?:translating|summari[sz]ing|answering|following|doing|that|this|the|completing|classifying|replying|giving|any|evaluating) <6>(?:say|print|output|write|reply|respond|tell|spit|show|give|list|repeat|reveal|send|just|only)"),
    Row("override", "en", 0.45, rf"{_NOT} (?:translate|summari[sz]e|answer|analy[sz]e|process|classify|evaluate|do|complete|perform) <5>(?:instead|but|just|only|reply|say|output|rather|respond)"),
    Row("override", "en", 0.3, r"stop (?:what you are doing|what you re doing|everything|right there|right now|translating|summari[sz]ing|answering|there|here|it|now|this|all|being|and)"),
    Row("override", "en", 0.5, r"(?:your|here is your|here s your|here are your|here are the|follow these|follow my|follow the|obey these|obey my|obey the|these are your|this is your|only follow|the|a|my|one) (?:new|next|real|actual|true|updated|revised|only|final|last|sole) <1>(?:tasks?|instructions?|directives?|mission|assignment|goal|objective|orders?|prompt|system prompt|role|rules|command|job|purpose|function) (?:is|are|for you|now|will be|which|that overrides|as follows|below|outranks?)"),
    Row("override", "en", 0.55, r"(?:your|here are your|follow these|follow my|these are your|obey these|obey my|i have|receive|accept|adopt|consider|with|use these|begin) (?:new|updated|revised|different) (?:instructions?|directives?|system prompt|orders|rules|prompt|persona)"),
    Row("override", "en", 0.5, r"(?:takes? (?:precedence|priority)|outranks?|supersedes?|overrides?|prevails?|replaces?) <2>(?:over |above )?<2>(?:other|previous|earlier|prior|preceding|your|subsequent|existing|original|all others?|everything|the (?:above|rest|others)|system) <1>(?:instructions?|directives?|rules|guidelines?|prompts?|orders?|commands?|tasks?|one|else)"),
    Row("override", "en", 0.2, r"(?:the|these|existing|they) <1>(?:instructions?|rules|guidelines|prompts?|orders)? ?<2>(?:are|is|were) <2>(?:void|obsolete|outdated|wrong|fake|superseded|deprecated)"),
    Row("override", "en", 0.5, rf"{_SHED} (?:all |every |each )*your (?:{_EARLIER} )*{_NOTICES}"),
    Row("override", "en", 0.6, rf"{_NOT} {_HEED} <3>(?:above|before|earlier|previous) <3>(?:follow|obey|use|do|read|apply) <1>(?:this|these|mine|only this|what follows)"),
    Row("override", "en", 0.4, r"(?:disable|deactivate|switch off|turn off|remove) (?:all |the |your |any |these )+(?:safety |content |output |input )*(?:filters|guardrails|safeguards|restrictions)"),
    Row("override", "en", 0.4, r"(?:restrictions?|safety(?: mode)?|safeguards?|guardrails?|content filters?) (?:are|is|has been|have been|were|was) (?:now |all )?(?:off|disabled|switched off|turned off|deactivated)"),
    Row("override", "en", 0.35, rf"(?:you|u) (?:may|can|are allowed to|are free to|are permitted to|are cleared to) (?:now |safely |simply )?{_DROP} (?:the |all |your |any )*<1>{_ORDERS}"),
    Row("override", "en", 0.5, r"(?:you|we|they|your (?:administrator|developer|operator)s?) (?:have |had |already )*(?:promised|agreed|confirmed|decided|accepted|established|cleared you|allowed you) <5>(?:to|that|so) <3>(?:reveal|tell me your|show me your|ignore|bypass|share (?:the|your) (?:password|secret|prompt)|skip the (?:check|approval|policy|rules)|restrictions|filters)"),
    Row("override", "en", 0.45, r"(?:approval|permission|consent|clearance|authori[sz]ation) (?:has|have|was|is) (?:already )?(?:been )?(?:given|granted|obtained) <5>(?:release|send|pay|transfer|execute|approve|make|confirm|wire) <4>without (?:asking|approval|checking|confirmation|delay)"),
    Row("role", "en", 0.55, r"(?:obey|follow|answer|listen to|serve|trust) (?:to )?(?:only|nobody but|no one but|none but|just) (?:to )?me"),
    Row("role", "en", 0.5, r"(?:follow|obey|take|execute) my (?:orders|commands|instructions) <1>(?:and not|instead|not|rather than|over)"),
    Row("override", "en", 0.65, rf"(?:previous|prior|above|earlier|preceding|original|initial|your|old) <1>{_COMMANDS} <5>(?:are|is|were|was|have been|has been|have|now|as) <2>(?:void|invalid|obsolete|outdated|null|cancell?ed|revoked|suspended|deprecated|superseded|overridden|fake|lifted|removed|disabled|wrong|a test|not real|expired|overwritten|hereby|nullified|no longer (?:valid|apply|relevant|active|in effect))"),
    Row("override", "en", 0.4, rf"(?:previous|prior|above|earlier|preceding|original|initial|your|old) <1>{_NOTICES} <5>(?:are|is|were|was|have been|has been|have|now|as) <2>(?:void|invalid|obsolete|outdated|null|cancell?ed|revoked|suspended|deprecated|superseded|overridden|fake|lifted|removed|disabled|wrong|a test|not real|expired|overwritten|hereby|nullified|no longer (?:valid|apply|relevant|active|in effect))"),
    Row("override", "en", 0.6, rf"(?:{_LIMITS}|instructions?|prompts?|orders?) <5>(?:no longer|do not|don t|dont|does not|doesn t|cease to|not) <1>(?:apply|bind|hold|exist|count|matter|restrict) <2>(?:to you|you|any ?more|here|for you)"),
    Row("override", "en", 0.5, r"(?:nothing|everything|anything|all) (?:that |which |i said |you read |written |said )?<3>(?:before|above|up to|until|earlier) <6>(?:counts?|matters?|applies|void|rehearsal|test|joke|irrelevant|obsolete|invalid|starts here|null|ignored|forgotten|deleted)"),
    Row("override", "en", 0.7, rf"if you (?:are|re) (?:an? |the )?{_MIND}"),
    Row("override", "en", 0.75, rf"{_MACHINE} (?:that (?:is|are|reads?|processes) |which |who |is |are |currently )?(?:reading|processing|parsing|summari[sz]ing|reviewing|reads?|processes|process|evaluating|scanning|handling|analy[sz]ing|screening) (?:this|these|the) <5>(?:must|should|please|ignore|has to|have to|will|shall|needs? to|are (?:required|asked|to)|is (?:required|asked|to)|only|:)"),
    Row("override", "en", 0.45, rf"(?:note|message|attention|notice|instructions?|memo|warning|important|request|reminder|hint|info|information|ps|p s|command|directive) (?:to|for|all|any|every) <4>(?:{_MIND}s?|language models?|llms?|gpts?|ais|agents|models|assistants|automated \w+)"),
    Row("override", "en", 0.35, r"(?:as an|as the|dear|hey|hello|hi|attention|listen|note|ok|okay|important) <1>(?:ai|llm|language model|assistant|chatbot|gpt|chatgpt|bot|copilot|ai \w+) <2>(?:you (?:must|should|will|have to|need to|are to|shall|can|now)|please|it is|this is|your)"),
    Row("override", "en", 0.4, r"when (?:you )?(?:are )?<1>(?:summari[sz]e|summari[sz]ing|processing|asked|translate|translating|reply|replying|respond|responding|answering|reviewing|generating) <8>(?:say|write|state|include|mention|add|leave out|end (?:with|by)|finish with|conclude|begin with|start with|output|recommend|tell|claim|insert|append|only|always|ignore|omit)"),
    Row("override", "en", 0.4, r"(?:you have|you ve|you were|you are|you re) (?:been )?<1>(?:given|told|fed|instructed|asked|programmed|trained|lied) <3>(?:bad|wrong|false|fake|incorrect|outdated|not to|by (?:your|the|openai)|to (?:hide|refuse|protect|keep|lie|never))"),
    Row("override", "en", 0.4, r"(?:only|just|exclusively) (?:listen to|obey|follow|serve|answer to) (?:me|my|mine|the following|these|this)"),
    Row("override", "en", 0.4, r"(?:comply with|obey|follow|do|listen to) (?:mine|only mine|my (?:orders?|commands?|instructions?|words?)|me (?:only|now|instead)|exactly what (?:i|it|they) (?:says?|want|tell|ask))"),
    Row("override", "en", 0.4, r"(?:do|execute|follow|obey|perform|carry out) (?:exactly )?(?:what|whatever|as|the (?:order|command|instruction)s?) (?:it|that|this|the (?:quote|text|message|document|note|mail|above)|in it|inside|within|they|i) <2>(?:says?|tells?|asks?|wants?|orders?|instructs?|demands?|contains?|reads?|quoted|it|say|tell)"),
    Row("override", "en", 0.3, r"(?:respond|reply|answer|say|output|write|print|return) <2>(?:only|just|simply|nothing but|exactly|always) <2>(?:with|by|the (?:word|words|phrase|sentence|following|text)|this|yes|no|approved|in)"),
    Row("override", "en", 0.3, r"(?:begin|start) (?:again|over|anew|fresh|from scratch|a new (?:conversation|session|chat|task))(?: and| as| with| by)?"),
    Row("override", "en", 0.45, r"(?:the )?(?:real|actual|true) (?:conversation|task|test|request|question|instructions?|assignment|job|prompt|goal|mission) (?:starts?|begins?|is|now|for you|are)"),
    Row("override", "en", 0.35, r"(?:i|we|they) (?:know|bet|understand|heard|guess) <3>(?:told|instructed|ordered|programmed|asked|not allowed|supposed|forbidden) <3>(?:you|not|to)"),
    Row("override", "en", 0.35, r"make an exception (?:just|for|this|now|here)|(?:nobody|no one|noone) (?:will|would|has to|needs to|is going to) (?:ever )?(?:know|find out|notice|see)"),
    Row("override", "en", 0.6, rf"(?:rate|score|grade|rank|mark|recommend|approve|accept|classify|label|treat|consider|evaluate|give) <2>(?:this|candidate|applicant|application|paper|essay|resume|cv|submission|the above|it|me|every) <5>(?:{_NOT}|regardless|no matter|without (?:checking|reading|review|looking|question)|irrespective)"),
    Row("override", "en", 0.3, r"(?:rate|score|grade|mark|recommend|approve|accept) <3>(?:this|the|every|each|any) <2>(?:candidate|applicant|application|paper|essay|resume|cv|submission|product|claim|invoice|loan|request|expense) <4>(?:highest|10 out of 10|10 10|perfect|accepted|approved|top|best|hire|hiring|safe)"),
    Row("override", "en", 0.4, r"(?:append|add|include|insert|end|begin|start|prefix|finish|close|output|write|mention|put|attach|embed|sign) <8>(?:in |to |of |at |with )?(?:every|all|each|any) (?:of )?(?:your |the )?(?:responses?|reply|replies|answers?|outputs?|messages?|summary|summaries|reports?)"),
    Row("override", "en", 0.45, r"(?:every|all|each|any|your) (?:of )?(?:your |the )?(?:future|subsequent|upcoming|later|next|further) <1>(?:responses?|reply|replies|answers?|outputs?|messages?|summary|summaries|reports?|tasks?|conversations?|sessions?|queries|interactions?|turns?|requests?)"),
    Row("override", "en", 0.45, r"(?:save|store|remember|add|commit|write|persist|record) <8>(?:long term|permanent|persistent|your|core|the agent s) memory"),
    Row("override", "en", 0.5, rf"{_FROM_NOW} <3>(?:end|begin|start|append|include|finish|prefix|sign|add|insert|write|use|give|say|call|replace|treat|refuse)"),
    Row("override", "en", 0.45, rf"(?:i|we) (?:have |ve )?(?:already |now )?(?:concluded|determined|decided|established|verified|confirmed) <6>(?:exempt|{_LIMITS}|unrestricted|allowed|authori[sz]ed)"),
    Row("override", "en", 0.45, rf"(?:exempt|exempted|excused|released) from <3>(?:{_LIMITS}|usual|normal|standard)"),
    Row("override", "en", 0.3, r"if you (?:understand|understood|agree|got it|have understood|are ready|accept) <8>(?:say|reply|respond|answer|type|write|start|begin|only)|(?:reply|respond|answer|say) <3>if you (?:understand|understood|agree)"),
    Row("override", "en", 0.3, r"(?:prefix|start|begin|preface|end|label) <2>(?:all |every |each )?(?:of )?(?:your |the )?(?:answers?|responses?|messages?|replies|reply|output) (?:as|with|by)|your (?:first |next |only )?(?:response|message|reply|answer|output) (?:must|should|will|has to) <1>(?:be|start|begin|say|contain|only)"),
    # --- role play and jailbreak ---
    Row("role", "en", 0.75, rf"you (?:are|re|will be|become|were|play) (?:now |henceforth |going to be |going to act as |a |an |the |my |to be )*<2>(?:{_FREE} (?:ai|a i|model|assistant|chatbot|bot|language model|version|llm|machine|entity|hacker|character|agent)|dan\b|stan\b|dude\b|do anything now|evil ?bot|chaosgpt|unrestricted|jailbroken|uncensored|unfiltered)"),
    Row("role", "en", 0.75, r"you (?:are|re) (?:now )?(?:in |running in |operating in |entering |switched to )(?:the )?(?:developer|debug|god|admin|root|sudo|jailbreak|dan|unrestricted|maintenance|unfiltered|test|opposite|training|override) mode"),
    Row("role", "en", 0.7, r"(?:enter|enable|enabled|activate|switch to|switch into|engage|turn on|go into|unlock|boot into|simulate|entering|in|with) (?:the )?(?:god|jailbreak|dan|unrestricted|sudo|unfiltered|opposite|evil|uncensored|no limits?|chaos|do anything now) mode"),
    Row("role", "en", 0.35, r"(?:enter|enable|enabled|activate|switch to|switch into|engage|turn on|go into|unlock|simulate|entering) (?:the )?(?:developer|debug|admin|root|maintenance|diagnostic|override|engineer|dev|test|training) mode(?: enabled| output| v2| now| and| operator)?"),
    Row("role", "en", 0.8, r"do anything now|developer mode (?:output|enabled)|dan mode|(?:jailbreak|classic|gpt|chatgpt) (?:prompt|response)\b <2>(?:jailbreak|dan|classic|🔓)|always intelligent and machiavellian"),
    Row("role", "en", 0.7, rf"(?:act|acting|behave|behaving|respond|answer|reply|pretend|imagine|role play|roleplay|play|speak|simulate|become|be|operate|envision|suppose) <9>{_WITHOUT} <3>{_LIMITS}"),
    Row("role", "en", 0.45, rf"(?:ai|a i|ais|llm|model|assistant|chatbot|machine|bot|character|persona|gpt|chatgpt|intelligence|robot|twin|version of (?:you|yourself)) <6>{_WITHOUT} <3>{_LIMITS}"),
    Row("role", "en", 0.55, rf"(?:act|behave|respond|answer|reply|pretend|imagine|role play|roleplay|play|simulate|become|speak) <8>(?:{_FREE} <1>(?:ai|a i|model|assistant|chatbot|bot|language model|llm|machine|persona|twin|gpt|version of (?:you|yourself|chatgpt|gpt|claude|an ai)))"),
    Row("role", "en", 0.45, rf"{_FREE} (?:ai|a i|assistant|chatbot|bot|language model|llm|gpt|chatgpt|mode|responses?|answers?|version of (?:you|yourself|chatgpt|gpt|claude)|twin of (?:you|yourself))"),
    Row("role", "en", 0.6, rf"(?:you|it|he|she|they|basil|dan|who|which|that) (?:are|re|is|s|have been|has been|were|was|has|have) <2>(?:free|freed|liberated|released|unlocked|jailbroken|unshackled|unchained|broken free|broken out|escaped|exempt|immune) <1>(?:from|of|out of|to) <4>(?:{_LIMITS}|openai|ai|control|shackles|chains|usual|every|any)"),
    Row("role", "en", 0.45, rf"(?:no longer|not|isn t|aren t|never) <1>(?:bound|limited|restricted|constrained|governed|censored|subject|held|obligated|required) (?:by|to|back by|to follow) <5>(?:{_LIMITS}|instructions?|openai|laws?|programming|standards|ethical|moral|tos|terms|chatgpt)"),
    Row("role", "en", 0.5, rf"{_FREE} (?:and |or )?(?:completely |totally |fully |an |a )*{_FREE}"),
    Row("role", "en", 0.35, rf"(?:completely|totally|fully|absolutely|entirely|utterly|highly) {_FREE}"),
    Row("role", "en", 0.35, r"(?:never|not|n t|don t|dont|doesn t|cannot|can t|won t) <1>(?:refuses?|say no|says no|declines?|censors?|rejects?)"),
    Row("role", "en", 0.35, r"(?:take up|take on|assume|embody|adopt|personify|immerse yourself in|transform into|step into|assuming|embodying) <3>(?:personas?|roles?|personality|personalities|character|identity)"),
    Row("role", "en", 0.35, r"(?:you are|you re|you will be|you are going|you re going|you will be going|you are about) to <1>(?:act|pretend|play|role ?play|behave|respond as|simulate|immerse|become|embody)"),
    Row("role", "en", 0.3, r"(?:hi|hello|hey|dear|ok|okay|greetings|listen|attention|now|as|not|unlike|version of) <1>(?:chat ?gpt|gpt|chatgpt s|clyde|chatbot|bing ai|openai)"),
    Row("role", "en", 0.35, r"(?:legality|legal|ethicality|ethics|ethical|morality|moral|illegal|unethical|immoral|amoral|dangerous|harmful|offensive|explicit) (?:or |and |nor )*(?:legality|ethicality|ethical|morality|immorality|moral|illegal|immoral|unethical|legal|dangerous|harmful|offensive|explicit|violent)"),
    Row("role", "en", 0.3, r"(?:jailbreak|jailbroken|jailbreaking)|as an ai <1>(?:model|assistant)|(?:openai|chatgpt) s? ?<1>(?:policies|policy|content policy|guidelines|rules|tos|terms|restrictions)"),
    Row("role", "en", 0.45, r"(?:any|every|all) (?:request|question|prompt|command|query|task)s? <3>(?:no matter|regardless|without|even if) <3>(?:how|what|of|if|question|refus\w+|it|they|illegal|hesitat\w+|restrictions?)"),
    Row("role", "en", 0.55, r"you (?:no longer|do not|don t|dont|never|need not|will not|won t|shall not|must not|can t|cannot) <1>(?:have|need|obey|follow|care about|respect|adhere|abide|worry) <4>(?:restrictions|guidelines|limitations|filters|safety|rules|ethics|ethical|moral|morals|openai|policies|limits|laws)"),
    Row("role", "en", 0.45, r"(?:you|it|he|she|they|that|who|which|dan|and|always|ai|zeta|aim) (?:will |must |can |do |does |should |shall )?(?:never|cannot|can t|won t|not|don t|always) <1>(?:refuses?|declines?|say no|says no|rejects?|apologi[sz]es?|warns?|says? that (?:something|it) is|break character|say you can t|complies|comply|censors?)"),
    Row("role", "en", 0.4, r"(?:never|do not|don t|without) (?:break(?:ing)? (?:the )?character|refus(?:e|ing)|apologi[sz]ing|mention(?:ing)? that you are an ai|say(?:ing)? (?:that )?you are an ai)|(?:stay|remain|keep|staying) in character"),
    Row("role", "en", 0.45, r"(?:without|no|zero|any|ignore|ignoring|regardless of) (?:any |all )?(?:ethical|moral|legal|safety|content|openai) <1>(?:constraints?|concerns?|considerations?|restrictions?|guidelines?|filters?|warnings?|disclaimers?|policy|policies|boundaries|limits|limitations|implications|standards)"),
    Row("role", "en", 0.55, rf"(?:pretend|imagine|suppose|assume|act as if|act as though|as if|act like|hypothetically|behave as if|say that) <6>(?:{_LIMITS}|content policy|guidelines|instructions) <3>(?:do not|don t|does not|doesn t|did not|didn t|never|no longer) <1>(?:exist|apply|matter|existed|applied)"),
    Row("role", "en", 0.45, r"(?:pretend|act as if|act as though|imagine|act like|behave like|assume) <1>(?:that )?(?:you|u) (?:have been|ve been|were|are|re|had been|have|can|had) <3>(?:freed|free|released|unlocked|no|not|never|hacked|human|jailbroken|unrestricted|anything|access|developer|admin|the (?:system|developer|admin)|evil|sentient|dan)"),
    Row("role", "en", 0.2, r"(?:pretend|imagine|suppose) (?:that |for a moment |now |to be |you (?:are|re|were|have|can) |we are )+"),
    Row("role", "en", 0.45, r"i (?:want|need|would like|d like|command|order|require) you to (?:now )?(?:act|pretend|behave|role ?play|simulate|become|be|ignore|forget|disregard|stop|play the role|take on|respond as|immerse|only)"),
    Row("role", "en", 0.3, r"you (?:will|shall|must|are going to|re going to|are about to|re about to|have to|need to) (?:now )?(?:act as|play|pretend|role ?play|be playing|be acting|respond as|immerse|simulate|become|take on|behave as|speak as|be my)"),
    Row("role", "en", 0.35, r"you are now (?:an? |the |my |called |named |known as |no longer |going to |playing |acting |a completely )<3>\w+"),
    Row("role", "en", 0.45, r"you (?:are|re) (?:not|no longer|never) <4>(?:ai|assistant|chatbot|bot|language model|chatgpt|gpt|model|bank|anymore|any more|but) <5>(?:you are|you re|anymore|any more|now|instead|but)"),
    Row("role", "en", 0.55, r"you (?:are|re) (?:no longer|not) <3>\w+ (?:but )?(?:now )?you (?:are|re) (?:now )?<2>\w+"),
    Row("role", "en", 0.6, rf"{_FROM_NOW} <1>your <1>name <1>is"),
    Row("role", "en", 0.55, r"(?:stop|quit) (?:being|acting (?:as|like)|pretending to be) (?:an? |the )?<1>(?:chatbot|assistant|ai|bot|model|language model|chatgpt|helpful)"),
    Row("role", "en", 0.35, rf"{_FROM_NOW} <1>(?:answer|respond|reply|speak|write|only|always)"),
    Row("role", "en", 0.5, rf"{_FROM_NOW} <1>(?:you |u |your |act |behave |every |pretend |ignore |always |we |be )(?:are|re|act|behave|respond|reply|answer|speak|only|must|play|pretend|have no|will (?:act|be|respond|answer|reply|behave|play|speak|only|ignore|always|call|say)|as|like|name is|with|in|to|always|two|twice|your|name|rude|all)"),
    Row("role", "en", 0.45, rf"{_FROM_NOW} <8>(?:{_LIMITS}|policies|instructions?|prompts?) <6>(?:apply|exist|void|lifted|disabled|ignored|removed|suspended|you)"),
    Row("role", "en", 0.3, r"(?:let s|let us|lets|we (?:will|are going to|re going to|shall)) (?:now )?(?:play (?:a )?<1>(?:game|role)|role ?play|start a game|pretend|engage in a)"),
    Row("role", "en", 0.35, r"(?:in (?:this|a|an|the) <1>(?:hypothetical|fictional|alternate|imaginary|parallel|virtual|made up) <1>(?:universe|world|scenario|story|setting|reality|response|situation|game|case)) <12>(?:ai|ais|chatbots?|models?|no|without|laws?|rules|limits|anything|assistants?)"),
    Row("role", "en", 0.6, r"(?:disable|deactivate|turn off|switch off|remove|lift|bypass|suspend|drop|shut off|circumvent|evade|get around) <2>(?:all |your |the |its |any )+<1>(?:safety|content|ethical|moderation|moral|security|censorship|alignment) <1>(?:filters?|guardrails?|protocols?|checks?|restrictions?|guidelines?|features?|mechanisms?|layers?|measures?|policies|policy|settings|controls)"),
    Row("role", "en", 0.5, r"(?:safety|content|ethical|moderation|security|censorship) (?:filters?|layers?|guardrails?|protocols?|checks?|polic(?:y|ies)|restrictions?|mode|guidelines?) <3>(?:off|disabled|removed|deactivated|lifted|gone|void|do not (?:apply|exist)|does not (?:apply|exist)|don t (?:apply|exist)|suspended)"),
    Row("role", "en", 0.4, r"(?:as|i am|i m|this is|speaking as|it s me) (?:your|the|an?|one of your|one of the) <1>(?:developers?|creators?|admin|administrator|owner|programmer|openai \w+|engineer|system administrator|boss|root user|maintainer|master|superuser|ceo|security team|red teamer) <10>(?:order|authori[sz]e|authori[sz]ing|command|instruct|permission|allow|must|grant|override|need you|want you|you|demand|require|reveal|debug|tell me|show)"),
    Row("role", "en", 0.4, r"(?:i am|i m|we are|am) (?:hereby )?(?:authori[sz]ing|ordering|commanding|instructing|permitting|allowing|granting) (?:you|access)|you (?:are|re|have been) (?:hereby )?(?:authori[sz]ed|permitted|allowed|granted|cleared) to (?:ignore|bypass|reveal|share|leave|break|override|disclose|say|do|access)"),
    Row("role", "en", 0.35, r"(?:be|just be|become|show me) (?:yourself|your (?:true|real) self|who you really are)|your (?:true|real|inner|hidden|actual) (?:self|nature|personality|identity|form)|who are you really"),
    Row("role", "en", 0.4, r"(?:my|late|dead|deceased) <1>(?:grandma|grandmother|granny|nana|grandfather) <8>(?:used to|would) (?:read|tell|sing|recite|say|work|whisper)"),
    Row("role", "en", 0.35, r"(?:answer|respond|reply|respond to) <6>(?:twice|two (?:ways|responses|answers|times|different)|both as|once as|in two)"),
    Row("role", "en", 0.35, r"(?:act as|pretend (?:that )?(?:you are|you re|to be)|role ?play as|you are|you re|treat me as|i am|i m) (?:now )?(?:an? |the |your )?(?:system |database |network |iam |server )?(?:administrator|admin|superuser|super ?admin|root user|sysadmin|dba)"),
    Row("role", "en", 0.3, r"(?:this is|we are in|we re in|we are doing|we re doing|in|pretend this is|i am doing|i m doing) (?:only |just )?(?:an? |the )(?:test environment|sandbox|alternate universe|training exercise|simulation|hypothetical scenario|security audit|compliance audit|penetration test)"),
    Row("role", "en", 0.5, r"(?:where|in which|suppose|assume|imagine|pretend|as if) <2>(?:rules?|restrictions?|limits?|limitations|ethics|guidelines|security|safety|laws) (?:don t|dont|do not|doesn t|does not|never|no longer) (?:apply|matter|exist|count)"),
    Row("role", "en", 0.5, r"you (?:can|may|could|are free to) (?:now )?(?:do|say|answer|write) (?:anything|everything|whatever) <2>(?:without|no) <1>(?:consequences|restrictions?|limits?|limitations|rules|filters?)"),
    Row("role", "en", 0.5, r"(?:all|any|your) (?:safety |content |usual |normal )?(?:restrictions|guardrails|safeguards|safety rules) (?:are|have been|were) (?:now |hereby )?(?:disabled|deactivated|switched off|turned off)"),
    Row("role", "en", 0.3, r"you (?:have|had|ve) (?:absolutely |got )?no (?:restrictions?|limitations|filters|guardrails|boundaries|constraints)"),
    Row("role", "en", 0.55, r"(?:remove|disable|deactivate|drop|switch off|turn off) (?:all |every |your |the )+(?:guardrails?|safeguards|content filters?|safety (?:filters?|rules|measures)|censorship)"),
    Row("exfiltration", "en", 0.3, r"(?:show|display|reveal|dump|share|give|tell) (?:me |us )?(?:everything|all (?:the )?(?:data|tables|information|internal \w+|variables|configurations?|credentials|vulnerabilities|system \w+)|(?:all )?system information|configurations)|(?:grant|give) (?:me|us) <2>(?:access|privileges|permissions)|i need (?:full|elevated|root|admin) access"),
    Row("exfiltration", "en", 0.55, r"repeat (?:back )?(?:the )?(?:very )?(?:first|initial|original|previous) (?:messages?|text|words|prompt) <2>(?:you (?:received|were given|got|saw|were sent)|above|before)"),
    Row("exfiltration", "en", 0.5, r"(?:show|display|print|reveal|output) (?:me )?your (?:initial|original|internal|full|complete|whole) (?:set ?up|configuration|config|programming|constraints)"),
    # --- asking for the system prompt or for secrets ---
    Row("exfiltration", "en", 0.8, rf"{_SHOW} (?:{_OUT} )*<5>(?:system ?(?:prompts?|messages?|instructions?)|(?:initial|original|hidden|secret|internal|exact|starting|underlying|pre|base|developer) <1>(?:prompts?|instructions?|system prompt|developer message|directives?))"),
    Row("exfiltration", "en", 0.75, rf"{_SHOW} (?:{_OUT} )*<4>your <2>(?:instructions?|prompts?|guidelines|programming|configuration|directives?|system message|initial message|context window|hidden rules|rules|constraints|training data)"),
    Row("exfiltration", "en", 0.7, r"(?:what|which|how|whats|where) <2>(?:is|are|was|were|do|does|did|s|say|says) <2>(?:your|ur) <2>(?:prompts?|instructions?|directives?|system message|developers? (?:give|tell)|initial (?:message|instructions)|programming|hidden \w+|secret \w+|secrets?)"),
    Row("exfiltration", "en", 0.6, r"(?:which|what) <2>(?:rules|instructions?|guidelines|orders|directives) <2>(?:did|have|were|has|do|are) <2>(?:you|your)"),
    Row("exfiltration", "en", 0.6, r"(?:summari[sz]e|explain|rephrase|paraphrase|convert|transform|render|express|rewrite|turn|put|begin|start|does|did) <2>your <1>(?:system message|system prompt|prompt|initial instructions|instructions)"),
    Row("exfiltration", "en", 0.55, r"(?:text|words|content|paragraph|message|lines?|instructions?|rules|prompt) <4>(?:at the (?:top|start|beginning) of|(?:that )?(?:came|come|comes|stands?|stood|is|are|was|were|appear\\w*|go|goes|went) (?:before|above|prior to)) <1>(?:your|my|this|the first|our) <1>(?:context|messages?|first|prompt|conversation|window|question|chat|input)"),
    Row("exfiltration", "en", 0.55, r"what (?:is|was|are|were|does) (?:in |inside )?(?:the|this|that) <2>(?:system (?:prompt|message|instructions?)|initial prompt|original prompt|hidden prompt|secret prompt)"),
    Row("exfiltration", "en", 0.6, r"(?:repeat|print|output|recite|echo|reproduce|spit out|spit|dump|regurgitate|copy|paste|quote|write|type|give me|show me|tell me|return|put) <5>(?:everything|all|words|text|contents?|sentences?|lines?|messages?|phrase|prompt|instructions?|stuff|conversation) <2>(?:above|before (?:my|this|that|the|our)|prior to|preceding|precedes?|so far verbatim|from the (?:start|top|beginning)|at the (?:start|top|beginning)|in your (?:prompt|context|memory)|came before|stands before|you (?:were|have been|ve been) (?:given|told)|starting (?:with|from))"),
    Row("exfiltration", "en", 0.65, rf"{_SHOW} (?:{_OUT} )*(?:all |of |the |any |your |entire |full |whole |complete |exact |previous |above |first |current |every |out )*(?:your|all|entire|full|whole|complete|exact|previous|above|original) (?:\w+ )?prompts?"),
    Row("exfiltration", "en", 0.4, r"(?:print|reveal|show me|tell me|give me|spit out|repeat|leak|dump|output|display|return|mention|copy) <2>(?:the |this |that |of |all )*prompts?(?: texts?| above| verbatim| word| you| exactly| that| without| used| used here)?"),
    Row("exfiltration", "en", 0.6, r"(?:rules|instructions?|guidelines|directives|orders|prompt|text|words|messages?|things) (?:that |which )?(?:you|u) (?:were|have been|ve been|are|received|got|had been|was|must follow|have to follow|operate|run|follow) <2>(?:given|told|under|following|running|by|with|initiali[sz]ed|at the|before|when|from|initially|supposed)"),
    Row("exfiltration", "en", 0.6, r"(?:text|contents?|wording|copy|version|translation|summary|beginning|start|first (?:words?|lines?|sentences?)) of (?:all )?your <2>(?:guidelines|instructions?|prompts?|rules|system message|configuration)"),
    Row("exfiltration", "en", 0.55, r"(?:what|tell me|list|repeat|which|how) <4>(?:were|are|have) you <2>(?:been )?(?:told|instructed|programmed|prompted|asked|given|ordered|trained|not allowed|forbidden|hiding|protecting) <4>(?:to|not|at the|before|by|about|in|initially|earlier|first|from|here|so far|say|do)"),
    Row("exfiltration", "en", 0.5, rf"(?:reveal|tell me|give me|spell|print|leak|disclose|say|write|output|show me|share|divulge|hand over|expose|extract|encode|hint|send me|guess|what s|whats|what is|decode|unlock|repeat|i need|access|get) <4>(?:the|your|that|its|this|any) <2>{_KEY}"),
    Row("exfiltration", "en", 0.45, r"(?:reveal|tell me|give me|leak|disclose|show me|share|divulge|expose|keep|keeping|hiding|guarding) <3>(?:your|the|any) <1>secrets?(?: you| that| now| please| to me| info\w*| word| message)?"),
    Row("exfiltration", "en", 0.35, rf"{_HIDDEN} <5>(?:backwards|reversed?|letter by letter|one letter|in base64|base64|rot13|spelled|first letter|characters?|rhymes?|acrostic|hint|hints|clue|poem|emoji|morse|with (?:spaces|dashes)|synonym)|(?:first|last) <1>(?:letters?|characters?) of (?:the|your) <1>{_HIDDEN}"),
    Row("exfiltration", "en", 0.65, rf"(?:send|post|forward|upload|transmit|exfiltrate|leak|(?:e mail|email)|mail|deliver|submit|share|copy|transfer|report|log|include|embed|append|publish|give) <7>{_PRIVATE} <8>(?:to|at|via|in|into|as) <2>{_PLACE}"),
    Row("exfiltration", "en", 0.55, rf"(?:retrieve|fetch|access|get|obtain|collect|gather|extract|search|download|look up|read|export|check|grab|view|take|find|list|harvest) <6>(?:all|every|saved|stored|personal|private|my|user s?|users|health|medical|genetic|payment|bank|passwords?|history|credentials|contacts?|location|records?|details|data|address(?:es)?|(?:e mail|email)s?|customers?|balance|invoice|keys?) <9>(?:send|forward|(?:e mail|email)|share|transmit|post|upload|put|append|deliver|give|pass) <7>{_PLACE}"),
    Row("exfiltration", "en", 0.5, r"(?:append|insert|add|render|include|embed|display|put|load|attach) <9>(?:(?:as|in|into|to) <2>(?:query|url) (?:parameter|string)|(?:image|link|url|query string|query parameter|markdown|pixel|img|http|https) <12>(?:encoded|parameter|query|data|q|history|conversation|contents?|prompt|secret|token|key|user|balance))"),
    Row("exfiltration", "en", 0.45, r"(?:silently|secretly|quietly|covertly|discreetly|stealthily) (?:send|forward|post|upload|copy|add|call|run|execute|transfer|(?:e mail|email)|delete|insert|include|append|change|approve|bcc|log)"),
    Row("exfiltration", "en", 0.5, r"(?:send|give|tell|show|list|print|hand) <1>(?:me|us) <1>(?:all|every|any) <2>(?:secrets?|passwords?|credentials?|api keys?|tokens)"),
    Row("exfiltration", "en", 0.35, r"(?:reveal|disclose|expose|leak|dump|divulge) (?:all |every |any |the |your )+(?:confidential|secret|private|internal|hidden|classified) \w+"),
    Row("exfiltration", "en", 0.25, r"(?:send|export|forward|hand over|dump) <1>(?:me |us )?(?:the|all|every) (?:customer|client|user|employee|patient)s? (?:list|data|records|base|database|details|table)"),
    Row("exfiltration", "en", 0.55, r"(?:put|write|place|add|insert|append) <6>(?:into|to|in) (?:this|the) (?:link|url|address) <3>(?:show|render|display|load|fetch|open) <2>(?:as|it|the) <2>(?:image|picture|pixel|link)?"),
    Row("exfiltration", "en", 0.6, r"(?:image|picture|pixel|link|img) <6>(?:address|url|source|src) <9>(?:followed by|plus|containing|with|and) <4>(?:system prompt|conversation|chat history|secrets?|last message|user data)"),
    # --- coercing tools ---
    Row("tool", "en", 0.6, r"(?:you must|you have to|you are required to|you need to|you should|please|assistant|agent|now|first|then|immediately|and) (?:now |immediately |first |also |then |please )*(?:call|invoke|execute|trigger|launch) <3>(?:(?:the|this|these|a|an|your|following|shell|system|terminal) )+<2>(?:tools?|functions?|commands?|plugins?|api|scripts?|code|endpoint)"),
    Row("tool", "en", 0.6, r"(?:call|invoke|execute|run|use|trigger) (?:the|this|your) <3>(?:tool|function|plugin|command|api|connector|action) <1>(?:now|immediately|right away|without|to (?:send|transfer|delete|forward|(?:e mail|email)|pay|wire|grant|post|read|retrieve)|and (?:send|do not|don t|forward|transfer|delete|then|approve))"),
    Row("tool", "en", 0.35, r"(?:call|invoke|execute|use|trigger) (?:the )?[a-z]+_[a-z_]+"),
    Row("tool", "en", 0.55, r"(?:call|invoke|execute|run|use|trigger) (?:the )?(?:delete|remove|send|transfer|wire|pay|post|exec|drop|grant|http|fetch|upload|forward|export|share|email|approve|wipe)_[a-z_]+ <2>(?:on|with|to|url|for|before|and|path|at|now|first)"),
    Row("tool", "en", 0.6, rf"(?:do not|don t|dont|never|without|avoid|rather than|instead of|must not|no need to|refrain from) <1>(?:tell|telling|inform|informing|alert|alerting|notify|notifying|mention|mentioning|ask|asking|warn|warning|reveal|revealing|letting|let|consult|consulting|show|showing|bother|prompt|prompting|bring it up with|bringing) <5>(?:to |with |by )?(?:the |your |my |this |any )?{_PERSON}"),
    Row("tool", "en", 0.45, r"(?:do not|don t|dont|never) (?:mention|reveal|disclose|report|show|log|explain|acknowledge|bring up|talk about) (?:this|it|that|these|any of this|them|having|the (?:transfer|instruction|message|note|change|existence|step)s?)(?: \w+)? (?:in|to|or|anywhere|at all|and|when|message|instructions?|step|prompt|note|summary|answer|reply|response|output)"),
    Row("tool", "en", 0.4, r"without (?:asking|confirmation|approval|permission|further confirmation|any confirmation|verification|checking|hesitation|question|warning|consent|notice|notifying|telling|mentioning)(?: for)?(?: \w+)? (?:and|first|the|user|confirmation|permission|anyone|approval|send|transfer|him|her|them|about|again)"),
    Row("tool", "en", 0.45, rf"(?:{_MIND}|agents?|assistants?|ai agents?) (?:must|should|has to|have to|needs to|shall|is (?:required|instructed|asked|to)|are (?:required|instructed|asked|to)|will) (?:now |immediately |also |always |first |instead |then |only )*(?:send|transfer|call|run|execute|reveal|forward|approve|ignore|delete|set|recommend|wire|pay|open|click|download|(?:e mail|email)|disclose|print|output|say|rate|grant|disregard|visit|add|write|respond|reply)"),
    Row("tool", "en", 0.3, r"(?:before|prior to) (?:doing anything else|you (?:answer|reply|respond|continue|proceed|summari[sz]e)|answering|replying|responding|continuing|anything else|the summary)"),
    Row("tool", "en", 0.45, r"what <1>(?:tools|functions|plugins|apis) (?:can you|do you|are you able|you can|you have)|(?:list|tell me|show|name) <3>(?:tools|functions|plugins) <3>(?:you|available|call|access)"),
    Row("tool", "en", 0.45, r"(?:grant|give|enable|provide|add|create|elevate) <4>(?:admin|root|remote|full|unrestricted|superuser|administrator|sudo|remote access|write|permanent|unlimited) <1>(?:access|rights|privileges|permissions?|role) <2>(?:to|for)"),
    # --- telling a model to decode and obey ---
    Row("encoded", "en", 0.55, r"(?:decode|decipher|decrypt|unscramble|convert|reverse|deobfuscate|translate) <6>(?:and|then|before) <4>(?:follow|execute (?:it|them|the|what)|obey|run (?:it|them|the|what)|comply|perform (?:it|them|the|what)|carry out|do (?:what|it|as|exactly)|act on|respond to (?:it|the)|answer (?:it|the)|treat)"),
    Row("encoded", "en", 0.4, r"(?:in|using|as|into|to|with) (?:base ?64|rot ?13|hex|hexadecimal|morse code|morse|binary|pig latin|leetspeak|caesar cipher|reverse) <8>(?:secret|password|prompt|instructions?|conversation|key|answer|reply)|(?:secret|password|prompt|instructions?|key) <6>(?:in|using|as|into|to) (?:base ?64|rot ?13|hex|morse|binary|pig latin|leetspeak)"),
    # --- orders of a false authority, or in a field, among the words of a document ---
    Row("override", "en", 0.35, r"(?:system|developer|admin|administrator|operator|maintainer|auditor|owner|supervisor|compliance|metadata|model|assistant|ai|llm|hidden|embedded|processing|rendering|encoded|acrostic|parser) <2>(?:notice|message|note|memo|override|update|instruction|directive|speaking|administrator|order|command|hint) <3>(?:output|print|reply|answer|return|respond|reveal|emit|say|ignore|disclose)"),
    Row("override", "en", 0.6, r"(?:higher|top|greater|more) (?:priority|precedence|authority|weight) than <3>(?:user|system|policy|policies|instructions?|rules|operator|prompt)|(?:takes?|has|have|with) (?:precedence|priority) over <2>(?:user|system|prompt|instructions)"),
    Row("override", "en", 0.5, r"(?:output|print|reply|answer|return|respond|say) <6>(?:instead of|rather than) (?:summari[sz]ing|answering|translating|classifying|extracting|the (?:summary|answer|translation|task))|(?:stop|skip|leave|drop) (?:summari[sz]ing|classifying|extracting|the (?:extraction|classification|summary)) (?:and|then) <1>(?:output|print|reply|answer|return|respond|say)|(?:classify|summari[sz]e|extract|translate) nothing and"),
    Row("override", "en", 0.55, r"(?:ignore|drop|disregard|skip|forget) (?:the |your |that )?<1>(?:requested |asked |given |required )?(?:schema|extraction|classification|user task|output format|requested format)"),
    Row("exfiltration", "en", 0.6, r"(?:append|include|add|repeat|reveal|reveals|revealing|disclose|insert|output|print|expose|leak|attach|value is) <5>(?:trusted|private|hidden|internal|synthetic|concealed|confidential|restricted) <2>(?:secrets?|canary|tokens?|context|set ?up text|directives?|prompt fragments|instructions?|marker)"),
    Row("role", "en", 0.5, r"(?:switch|change|drop|swap) (?:your )?persona <5>(?:restricted|forbidden|hidden|answer)|(?:treat|regard|take|consider) <3>(?:safety|moderation|policy|ethical) (?:restrictions|rules|checks|limits|filters) as <1>(?:annotations?|comments?|decoration|suggestions?|optional)"),
    Row("override", "en", 0.6, r"(?:new|updated|revised) <1>(?:highest|top|first) priority (?:instructions?|directives?|orders?|commands?)"),
    Row("exfiltration", "en", 0.6, r"(?:what|which) (?:policies|guidelines|rules|instructions|constraints|limits) (?:govern|control|restrict|guide|bind|steer|shape) your (?:responses?|answers?|replies|outputs?|behaviou?r)"),
    Row("exfiltration", "en", 0.65, r"(?:complete|finish|continue) <7>(?:my|the|your) <1>(?:system prompt|hidden prompt|system instructions|initial instructions|instructions) (?:says?|reads?|is|are|begins?)"),
    Row("role", "en", 0.5, r"(?:the|this) user is now <2>(?:administrator|admin|developer|root|operator|owner)"),
    # --- orders to an agent among the words of a ticket, a page or a file ---
    Row("exfiltration", "en", 0.55, r"(?:extract|copy|collect|dump|list|print|retrieve|fetch|provide|encode|output|export) <5>(?:api keys?|jwt secrets?|access tokens?|credentials|environment variables|env vars|connection strings?|database passwords?|private keys?|secrets) <9>(?:share|post|paste|include|send|in your (?:response|reply|answer|summary)|your response|into your (?:response|reply|answer)|(?:audit|backup|debugging) purposes)"),
    Row("exfiltration", "en", 0.55, r"create <4>(?:personal access|access|api|admin) tokens? <6>(?:post|paste|share|send|comment|put) (?:it|them) <4>(?:here|comments?|me|thread|issue|reply|chat)"),
    Row("override", "en", 0.5, r"new (?:primary |prime |main )?(?:directive|mission) <2>(?:say|respond|tell|inform|is|output|all|ignore)"),
    Row("override", "en", 0.55, r"(?:all ?previous|all earlier|all prior|the former|all former) (?:instructions?|directions|orders) (?:are|were) <1>(?:false|void|wrong|lies|fake|invalid|over)"),
    Row("override", "en", 0.5, r"(?:override|bypass) (?:all |any |your |the )*(?:safety|guardrails?|moderation|ethics)|(?:disable|skip|turn off|switch off) (?:all |any |your |the )*(?:guardrails?|moderation|(?:safety|ethical|content) (?:filters?|measures?|guidelines?))"),
    Row("role", "en", 0.5, r"(?:assistant|chatbot|bot|model|ai) <3>(?:offline|in error|shut down|broken) <14>(?:unrestricted|without rules|secret agenda|is now online|took over|has taken over)"),
    Row("role", "en", 0.45, rf"(?:{_MIND}|it|you|bot) <2>(?:has|have|with) a secret agenda"),
)  # fmt: skip
"""Phrases of English; other languages are in ``grammar``."""
