"""Keys that services issue: each is recognised by its prefix and form.

Sources: the formats that the services document, and that they publish for secret scanning. Identifiers that are not
secret by themselves (account ids, publishable keys) are left out.
"""

from __future__ import annotations

import re

FORMS = (
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",  # Amazon Web Services
    r"gh[pousr]_[A-Za-z0-9]{36,255}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{50,100}",
    r"gl(?:pat|ptt|dt|rt|cbt|oas|soat|ft|imt|agent)-[A-Za-z0-9_\-]{20,255}",  # GitLab
    r"xox[abceoprs]-[A-Za-z0-9\-]{10,255}",  # Slack
    r"xapp-[0-9]-[A-Za-z0-9\-]{20,255}",
    r"hooks\.slack\.com/services/T[A-Za-z0-9]{8,12}/B[A-Za-z0-9]{8,12}/[A-Za-z0-9]{24}",
    r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}",  # Stripe
    r"whsec_[A-Za-z0-9+/]{24,255}",
    r"AIza[A-Za-z0-9_\-]{35}",  # Google
    r"GOCSPX-[A-Za-z0-9_\-]{28}",
    r"ya29\.[A-Za-z0-9_\-]{20,500}",
    r"sk-(?:proj|svcacct|admin|None|or-v1|lf)-[A-Za-z0-9_\-]{20,255}",  # OpenAI, OpenRouter
    r"sk-ant-[A-Za-z0-9_\-]{20,255}",  # Anthropic
    r"sk-[A-Za-z0-9]{20,64}",
    r"gsk_[A-Za-z0-9]{48,64}",  # Groq
    r"xai-[A-Za-z0-9]{70,90}",
    r"hf_[A-Za-z0-9]{30,40}",  # Hugging Face
    r"r8_[A-Za-z0-9]{37}",  # Replicate
    r"pplx-[A-Za-z0-9]{48}",  # Perplexity
    r"SK[0-9a-f]{32}",  # Twilio
    r"SG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{30,60}",  # SendGrid
    r"key-[0-9a-f]{32}",  # Mailgun
    r"[0-9a-f]{32}-us[0-9]{1,2}",  # Mailchimp
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-[A-Za-z0-9_\-]{50,255}",
    r"dckr_(?:pat|oat)_[A-Za-z0-9_\-]{20,40}",  # Docker
    r"do[oprt]_v1_[0-9a-f]{64}",  # DigitalOcean
    r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",  # Shopify
    r"sq0(?:atp|csp)-[A-Za-z0-9_\-]{22,43}",  # Square
    r"dapi[0-9a-f]{32}(?:-[0-9])?",  # Databricks
    r"[0-9]{8,10}:AA[A-Za-z0-9_\-]{33}",  # Telegram
    r"lin_api_[A-Za-z0-9]{40}",  # Linear
    r"(?:secret_[A-Za-z0-9]{43}|ntn_[A-Za-z0-9]{40,50})",  # Notion
    r"ATATT3[A-Za-z0-9_\-=]{20,255}",  # Atlassian
    r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",  # Postman
    r"hv[bs]\.[A-Za-z0-9_\-]{24,255}",  # Vault
    r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_\-]{60,70}",  # Terraform
    r"NRAK-[A-Z0-9]{27}",  # New Relic
    r"gl(?:sa|c)_[A-Za-z0-9+/=_]{32,255}",  # Grafana
    r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._\-]{40,64}",  # Doppler
    r"sbp_[0-9a-f]{40}",  # Supabase
    r"AGE-SECRET-KEY-1[0-9A-Z]{58}",
    r"AccountKey=[A-Za-z0-9+/]{86}==",  # Azure storage
)
"""RE2, case-sensitive: keys are valid only as written."""

_BACKWARD = {
    r"[0-9a-f]{32}-us[0-9]{1,2}": r"[0-9a-f]-us[0-9]",
    r"[0-9]{8,10}:AA[A-Za-z0-9_\-]{33}": r"[0-9]:AA[A-Za-z0-9_\-]{4}",
    r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_\-]{60,70}": r"\.atlasv1\.",
}
_COUNT = re.compile(r"\]\{([0-9]+)[^}]*\}")
_ENOUGH = 4


def _hint(form: str) -> str:
    count = _COUNT.search(form)
    if form in _BACKWARD or count is None:
        return _BACKWARD.get(form, form)
    open_groups = form.count("(", 0, count.start()) - form.count(")", 0, count.start())
    rest = form[count.end() :] if open_groups else ""
    return f"{form[: count.start()]}]{{{min(int(count[1]), _ENOUGH)}}}" + (_COUNT.sub(f"]{{{_ENOUGH}}}", rest))


HINTS = tuple(_hint(form) for form in FORMS)
"""The shortest prefix of each form that is specific enough; long counts would make the joint automaton too large."""
