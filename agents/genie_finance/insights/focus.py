"""The focus of a question: the categories, merchants and comparison that it names."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from genie_finance.domain import categories, narrations
from genie_finance.domain.categories import Kind

_GROUPS = {
    "food": ("food", "eating", "meals"),
    "housing": ("housing", "home costs"),
    "utilities": ("utilities", "utility bills", "bills"),
    "transport": ("transport", "transportation", "mobility"),
    "travel": ("travel", "travelling", "traveling"),
    "shopping": ("shopping", "purchases"),
    "health": ("health", "healthcare"),
    "entertainment": ("entertainment", "leisure", "fun"),
    "insurance": ("insurance", "insurances"),
    "debt": ("debt", "debts"),
    "fees": ("fees",),
    "taxes": ("taxes", "tax"),
    "giving": ("giving",),
}
"""Words of questions that mean all categories of a group."""
_COMPARING = frozenset({"compared", "compare", "comparison", "versus", "vs", "than", "against", "relative", "from"})
_PREVIOUS = ("last month", "previous month", "month before", "prior month", "preceding month")
_ORDINARY = frozenset(
    {"where", "when", "what", "which", "much", "many", "more", "most", "less", "than", "over", "overspend"}
    | {"overspending", "spend", "spending", "spent", "month", "months", "year", "last", "this", "money", "with"}
    | {"compared", "compare", "cost", "costs", "save", "cash", "flow", "account", "bank", "paid", "payment", "report"}
)
"""Words of questions that never mean a merchant, even if one has such a name."""
_LONGEST_PHRASE = 5
_SPENDING = frozenset(
    {"overspend", "overspending", "overspent", "spend", "spending", "spends", "spent", "expense", "expenses", "cost"}
    | {"costs", "costly", "expensive", "pay", "paid", "paying", "money", "waste", "wasting", "cut", "reduce", "save"}
    | {"saving", "savings", "budget", "usual", "summary", "overview", "change", "flow", "left", "compare", "compared"}
    | {"ausgaben", "ausgegeben", "geld", "gebe", "sparen", "wenig", "uitgaven", "uitgegeven"}
    | {"paisa", "paise", "kharcha", "kharch", "bachaun"}
)
"""Words of questions about spending as a whole, in several languages."""
_OTHERS = {
    "the months ahead": frozenset({"forecast", "predict", "prediction", "tomorrow", "will", "afford", "future"}),
    "income": frozenset({"earn", "earned", "earning", "earnings", "income", "salary", "wage", "wages"}),
    "regular charges": frozenset({"subscription", "subscriptions", "recurring", "abos", "abonnementen", "cancel"}),
    "unusual transactions": frozenset(
        {"unusual", "suspicious", "anomaly", "anomalies", "fraud", "stolen", "twice", "duplicate", "doppelt", "dubbel"}
        | {"recognise", "recognize"}
    ),
    "the balance": frozenset({"balance", "balances", "saldo"}),
    "averages": frozenset({"average", "averages", "mean", "median"}),
    "": frozenset(
        {"not", "never", "least", "lowest", "cheapest", "without", "except", "excluding", "when", "due", "who", "owe"}
        | {"list", "count", "transaction", "transactions", "nicht", "niet", "nahi", "nahin"}
    ),
}
"""Subjects other than spending above the usual, with the words that name them; the last has no figures."""
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_PERIODS = frozenset(
    {"year", "years", "yearly", "annual", "annually", "week", "weeks", "weekly", "weekend", "weekends", "day", "days"}
    | {
        "daily",
        "today",
        "yesterday",
        "quarter",
        "quarters",
        "quarterly",
        "ago",
        "ever",
        "jahr",
        "woche",
        "week",
        "jaar",
    }
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_CAN = frozenset({"can", "could", "should", "might"})
_BEFORE_SUBJECTS = frozenset(
    {"on", "at", "for", "to", "with", "than", "vs", "versus", "against", "about", "between", "like", "in", "from"}
)
_BETWEEN = frozenset(
    {"my", "our", "the", "a", "an", "all", "any", "other", "in", "of", "what", "which", "how", "and", "or"}
)
_GENERAL = frozenset(
    {"i", "me", "we", "us", "it", "this", "that", "last", "previous", "prior", "preceding", "next", "each", "every"}
    | {"month", "months", "before", "usually", "normal", "normally", "too", "much", "many", "more", "most", "less"}
    | {"stuff", "things", "thing", "everything", "anything", "something", "category", "categories", "area", "areas"}
    | {"general", "total", "particular", "account", "accounts", "bank", "statement", "life", "household", "home"}
    | {
        "am",
        "is",
        "are",
        "was",
        "do",
        "did",
        "does",
        "have",
        "had",
        "can",
        "could",
        "should",
        "be",
        "go",
        "going",
        "live",
    }
    | {"improve", "optimise", "optimize", "lower", "higher", "highest", "largest", "biggest", "top", "extra", "better"}
)
"""Words without a subject after a word such as ``on``."""
_BEFORE_MONTHS = frozenset({"in", "of", "during", "since", "for", "last", "this"})


class Focus(NamedTuple):
    """The subject of a question; without categories and merchants it is all spending."""

    label: str
    """Name used in the answer."""
    categories: frozenset[str] = frozenset()
    merchants: frozenset[str] = frozenset()
    against_previous: bool = False
    """True compares with the month before, not with the median of the months before."""
    asked_instead: str | None = None
    """Subject of a question that is not about spending above the usual; empty if unknown."""
    month: str | None = None
    """The month that it names, ``01`` to ``12``."""
    year: str | None = None
    """The year that it names; empty if it names another period, such as a week."""

    @property
    def general(self) -> bool:
        """True if the question names no category or merchant."""
        return not (self.categories or self.merchants)


def focus_of(question: str, merchants: Collection[str]) -> Focus:
    """Return the subject of a question.

    A question is about spending only if it has a word of spending, a category or a merchant. A word of another subject,
    such as a forecast or income, or a question without any known word, is named in ``asked_instead``.

    Args:
        question: Any text, of which at most the first ``narrations.LONGEST`` characters are read.
        merchants: Merchants of the statement; no other merchant is recognised.
    """
    asked = narrations.words(question)
    text = f" {' '.join(asked)} "
    previous = not _COMPARING.isdisjoint(asked) and any(f" {phrase} " in text for phrase in _PREVIOUS)
    named = {" ".join(narrations.words(merchant)): merchant for merchant in merchants}
    found: dict[str, frozenset[str]] = {}
    shops: dict[str, None] = {}
    start = 0
    while start < len(asked):
        for size in range(min(_LONGEST_PHRASE, len(asked) - start), 0, -1):
            phrase = " ".join(asked[start : start + size])
            if phrase in _phrases():
                label, meant = _phrases()[phrase]
                found[label] = meant
                break
            if phrase in named and phrase not in _ORDINARY and len(phrase) >= 2:
                shops[named[phrase]] = None
                break
        else:
            size = 1
        start += size
    instead = _asked_instead(asked, named=bool(shops or found))
    if not asked and any(map(str.isalpha, question)):  # in a script of which no word is known
        instead = ""
    focus = Focus(
        "all spending", against_previous=previous, asked_instead=instead, month=_month(asked), year=_year(asked)
    )
    if shops:  # "food from Swiggy" is a question about Swiggy
        return focus._replace(label=" and ".join(shops), merchants=frozenset(shops))
    if found:
        return focus._replace(label=" and ".join(found), categories=frozenset().union(*found.values()))
    return focus


def _asked_instead(asked: Sequence[str], *, named: bool) -> str | None:
    """Return the subject of a question that is not about spending above the usual; None if it is."""
    found = next((subject for subject, words in _OTHERS.items() if not words.isdisjoint(asked)), None)
    if found is None and "save" in asked and " ".join(asked).startswith("how much") and _CAN.isdisjoint(asked):
        return "what is left of the income"
    if found is not None or named or not asked:
        return found
    return None if not _SPENDING.isdisjoint(asked) and not _names_another(asked) else ""


def _names_another(asked: Sequence[str]) -> bool:
    """Return whether a word such as ``on`` precedes an unknown subject."""
    for at, word in enumerate(asked):
        if word in _BEFORE_SUBJECTS:
            subject = next((one for one in asked[at + 1 :] if one not in _BETWEEN), "")
            known = _GENERAL | _SPENDING | _PERIODS | _COMPARING | _BEFORE_SUBJECTS
            if subject and subject not in known and subject not in _MONTHS and not _YEAR.fullmatch(subject):
                return True
    return False


def _year(asked: Sequence[str]) -> str | None:
    years = [word for word in asked if _YEAR.fullmatch(word)]
    return years[0] if years else "" if not _PERIODS.isdisjoint(asked) else None


def _month(asked: Sequence[str]) -> str | None:
    for at, word in enumerate(asked):
        if word in _MONTHS and (word not in {"may", "march"} or (at and asked[at - 1] in _BEFORE_MONTHS)):
            return f"{_MONTHS.index(word) + 1:02d}"
    return None


@functools.cache
def _phrases() -> Mapping[str, tuple[str, frozenset[str]]]:
    """Return what each phrase means: a label and the categories of expenses."""
    table: dict[str, tuple[str, frozenset[str]]] = {}
    expenses = [about for about in categories.taxonomy().values() if about.kind is Kind.EXPENSE]
    for about in expenses:
        for phrase in (*about.asked, about.title):
            table[" ".join(narrations.words(phrase))] = (about.title, frozenset({about.category.value}))
    for group, phrases in _GROUPS.items():
        members = frozenset(about.category.value for about in expenses if about.group == group)
        for phrase in phrases:
            table[" ".join(narrations.words(phrase))] = (phrases[0].capitalize(), members)
    return table
