"""Errors of replays.

ReplayError A (an error of this library) ├── NotReplayableError the log does not contain everything that the replay
needs └── NotRecordedError an agent makes an outside call that is not in the record
"""

from __future__ import annotations

from typing import ClassVar

from genie.errors import GenieError


class ReplayError(GenieError):
    """An error that only a replay raises."""

    code: ClassVar[str] = "replay"


class NotReplayableError(ReplayError):
    """The log does not contain everything that the replay needs.

    ``why`` is ``encrypted``, ``shredded``, ``no_message``, ``version`` or ``too_long``.
    """

    code: ClassVar[str] = "not_replayable"
    run_id: str
    why: str

    def __str__(self) -> str:
        return f"run {self.run_id} cannot be replayed ({self.why}): {_WHY.get(self.why, self.why)}"


_WHY = {
    "encrypted": "its payloads are encrypted; name the key ring with --keys",
    "shredded": "its payloads were destroyed with the keys of its tenant",
    "no_message": "the log does not contain its first message",
    "version": "no agent of the pipeline reads the class of its first message",
    "too_long": "it has more records than the limit for one run",
}


class NotRecordedError(ReplayError):
    """An agent makes an outside call that is not in the record; ``what`` is ``effect`` or ``port``."""

    code: ClassVar[str] = "not_recorded"
    agent: str
    what: str
    name: str

    def __str__(self) -> str:
        return (
            f"agent {self.agent!r} uses the {self.what} {self.name!r}, which the run did not use; a replay makes no "
            f"outside calls"
        )
