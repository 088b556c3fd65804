"""litellm: ``acompletion`` with its own mock response; it has no loop."""

from __future__ import annotations

import litellm
from timing import QUESTION, REPLY, report

litellm.telemetry = False
MESSAGES = [{"role": "system", "content": "Answer in one sentence."}, {"role": "user", "content": QUESTION}]


async def call() -> None:
    found = await litellm.acompletion(model="gpt-4o-mini", messages=MESSAGES, mock_response=REPLY)
    assert found.choices[0].message.content == REPLY


if __name__ == "__main__":
    report("litellm", call)
