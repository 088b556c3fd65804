"""Party screener: searches watch lists for a person or firm; people clear or confirm matches."""

from __future__ import annotations

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.screening import ListEdition, ScreeningMatch, ScreeningRequest, ScreeningResult
from genie_finance.domain.names import is_whole
from genie_finance.domain.screening import Match, Subject, Watchlist, Watchlists, search

ID = "party_screener"
_MOST = 50
"""Maximum matches that an answer names; a name with more is too common for a judgement."""


def screen(request: ScreeningRequest, lists: tuple[Watchlist, ...]) -> ScreeningResult:
    """Return the entries that may be the subject, over all lists, strongest first."""
    subject = Subject(
        names=(request.name, *request.aliases),
        born=request.date_of_birth,
        countries=request.countries,
        identifiers=request.identifiers,
        born_verified=request.date_of_birth_verified,
    )
    found = [_said(one, match) for one in lists for match in search(subject, one)]
    order = {"strong": 0, "possible": 1, "discounted": 2}
    found.sort(key=lambda match: (order[match.strength], -match.score, match.list_id, match.entry_id))
    counted = [match for match in found if match.strength != "discounted"]
    read = all(any(one.reads(name) for name in subject.names) for one in lists)
    clears = read and any(one.real and "sanctions" in one.kinds for one in lists)
    status = counted[0].strength if counted else "clear" if clears else "undetermined"
    return ScreeningResult(
        subject_id=request.subject_id,
        status="clear" if status == "discounted" else status,
        matches=tuple(found[:_MOST]),
        lists=tuple(
            ListEdition(
                list_id=one.id,
                version=one.version,
                as_of=one.as_of,
                entries=len(one.entries),
                real=one.real,
                kinds=one.kinds,
            )
            for one in lists
        ),
        grounds=_grounds(request, found, lists, read=read),
    )


def _said(watchlist: Watchlist, match: Match) -> ScreeningMatch:
    return ScreeningMatch(
        entry_id=match.entry.id, list_id=watchlist.id, kind=match.entry.kind, name=match.name, score=match.score,
        strength=match.strength, reason=match.reason,
    )  # fmt: skip


def _grounds(
    request: ScreeningRequest, found: list[ScreeningMatch], lists: tuple[Watchlist, ...], *, read: bool
) -> Grounds:
    reasons = tuple(
        Reason(code=f"screening.{one.kind}_{one.strength}", text=f"{one.list_id} {one.entry_id}: {one.reason}.")
        for one in found[:_MOST]
    )
    searched = sum(len(one.entries) for one in lists)
    clear = Reason(code="screening.clear", text=f"No entry has a similar name; searched: {searched}.")
    if not read and not any(is_whole(name) for name in (request.name, *request.aliases)):
        text = "One word, or only initials, is not enough to clear anybody: give the full name."
        clear = Reason(code="screening.part_of_a_name", text=text)
    elif not read:
        text = (
            "No name is written in the script of the lists, so it cannot be compared: give it in that script as well."
        )
        clear = Reason(code="screening.unreadable", text=text)
    elif not any(one.real for one in lists):
        text = "No real list is configured: the searched list is invented and clears nobody."
        clear = Reason(code="screening.no_real_list", text=text)
    elif not any(one.real and "sanctions" in one.kinds for one in lists):
        text = "No real list has an entry of sanctions, so nobody is cleared: bind a list of sanctions."
        clear = Reason(code="screening.no_sanctions_list", text=text)
    verified = "verified" if request.date_of_birth_verified else "stated, not verified"
    born = verified if request.date_of_birth else "not known"
    caveats = [f"{len(found) - _MOST} more matches are not listed."] if len(found) > _MOST else []
    if not any(one.real for one in lists):
        caveats.append("No real list is configured: the shipped one is invented and clears nobody. Bind a real list.")
    return Grounds(
        reasons=reasons or (clear,),
        inputs=(
            Evidence(name="names", value=str(1 + len(request.aliases))),
            Evidence(name="date_of_birth", value=born),
            Evidence(name="lists", value=", ".join(f"{one.id} {one.version} of {one.as_of}" for one in lists)),
        ),
        editions=(),
        uncertainty=(
            "Based on similarity of spelling and sound within one script. A match does not prove guilt, and no match "
            "does not clear "
            "a person who uses another name."
        ),
        caveats=tuple(caveats),
    )


@agent(
    id=ID,
    capabilities=("screening.search_lists",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    ports=(Watchlists,),
)
async def party_screener(request: ScreeningRequest, context: Context) -> ScreeningResult:
    """Screens a person or firm against sanctions, exposed-person and adverse lists, by name, birth date and number."""
    return screen(request, context.port(Watchlists).lists())
