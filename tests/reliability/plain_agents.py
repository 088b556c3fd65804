"""Plain functions that worker processes find by module and name."""

from __future__ import annotations

import os
from pathlib import Path

from genie import agent
from tests.genie.policies_for_tests import Answer, Question

NAME = "GENIE_TEST_LEFT_BEHIND"


@agent("leaves", executor="process")
def leaves(question: Question) -> Answer:
    """Say what an earlier call left, then leave something: a variable of the environment, a working directory."""
    before = f"{os.environ.get(NAME, '')}|{Path.cwd()}"
    os.environ[NAME] = question.text
    os.chdir("/")
    return Answer(text=before)
