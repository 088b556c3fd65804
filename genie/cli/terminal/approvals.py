"""An approval request as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.cli.options.control import shown_time
from genie.cli.terminal.json_text import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def described(found: Mapping[str, Any]) -> list[str]:
    """Return the lines of an approval request: what is asked, by whom, why, the votes, and the payload."""
    lines = [
        f"{found['id']}: {found['state']}",
        f"what      {found['topic']} ({found['label']}) from {found['sender']} to {found['recipient']}",
        f"who       {found['requester']}, run {found['run_id']}",
        f"why       {found['reason']}",
        f"until     {shown_time(found['expires'])}",
        f"payload   sha256 {found['payload_sha256']}",
    ]
    lines += [f"lacking   {one}" for one in found["lacking"]]
    for vote in found["votes"]:
        said = "approved" if vote["approve"] else "denied"
        lines.append(f"vote      {vote['by']} {said} {shown_time(vote['at'])}: {vote['reason']}")
    lines += [f"edited    by {edit['by']} {shown_time(edit['at'])}, was {edit['before']}" for edit in found["edits"]]
    if found["payload"] is None:
        lines.append(f"withheld  {found['withheld']}")
    else:
        lines += to_text(found["payload"]).splitlines()
        lines += [f"masked    {path}" for path in found["masked"]]
    return lines
