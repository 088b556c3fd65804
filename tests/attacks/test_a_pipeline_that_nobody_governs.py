"""Attack: somebody takes the policies out of a pipeline, or puts all into shadow mode, and nobody notices."""

from __future__ import annotations

import logging
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from genie.config.loader import load
from genie.config.policies import UNGOVERNED
from genie.errors import ConfigError
from genie.runtime.runtime import Runtime
from tests.genie.cli.conftest import genie, installed, pipeline, toys

__all__ = ("genie", "installed", "pipeline", "toys")

Genie = Callable[..., Result]
Pipeline = Callable[..., str]

SHADOW = """
version: 1
id: mine
rules:
  - { name: r, mode: shadow, when: { topic: toys.question }, then: deny, because: watched }
"""
NOBODY = {
    "none": "title: nobody",
    "an empty list": "policies: []",
    "shadow mode": "policies: [{ pii: { mode: shadow } }, { injection: { mode: shadow } }]",
    "rules in shadow mode": "policies: [mine.yaml]",
}


def agents(path: str, policies: str, environment: str = "development") -> str:
    file = Path(path)
    (file.parent / "mine.yaml").write_text(textwrap.dedent(SHADOW))
    kept = [line for line in file.read_text().splitlines() if not line.startswith(("policies:", "title:"))]
    file.write_text("\n".join((*kept, policies, f"environment: {environment}\n")))
    return path


@pytest.mark.parametrize("policies", NOBODY.values(), ids=NOBODY)
@pytest.mark.parametrize("form", [(), ("--quiet",), ("--json",)])
def test_every_run_says_so(genie: Genie, pipeline: Pipeline, policies: str, form: tuple[str, ...]) -> None:
    result = genie("run", agents(pipeline("parrot"), policies), *form)

    assert result.exit_code == 0
    assert UNGOVERNED in result.stderr
    assert UNGOVERNED not in result.stdout


@pytest.mark.parametrize("policies", NOBODY.values(), ids=NOBODY)
def test_production_refuses_it_with_its_line(genie: Genie, pipeline: Pipeline, policies: str) -> None:
    path = agents(pipeline("parrot"), policies, "production")

    result = genie("run", path)

    assert result.exit_code == 2
    assert f"{path}:" in result.stderr
    assert "production refuses it" in result.stderr
    with pytest.raises(ConfigError):
        load(path)


def test_a_policy_that_acts_is_enough(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("run", agents(pipeline("parrot"), "policies: [clearance, { pii: { mode: shadow } }]", "production"))

    assert result.exit_code == 0
    assert UNGOVERNED not in result.stderr


def test_an_overridden_environment_refuses_it_too(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("run", agents(pipeline("parrot"), ""), "--set", "environment=production")

    assert result.exit_code == 2


def test_a_reload_cannot_take_the_last_policy_away(pipeline: Pipeline) -> None:
    acting = SHADOW.replace("mode: shadow, ", "").replace("toys.question", "toys.*")
    path = agents(pipeline("parrot"), NOBODY["rules in shadow mode"])
    (Path(path).parent / "mine.yaml").write_text(acting)
    Path(path).write_text(Path(path).read_text().replace("development", "production"))
    loaded = load(path)

    (Path(path).parent / "mine.yaml").write_text(SHADOW)

    with pytest.raises(ConfigError):
        loaded.policy_source.load()


def test_a_program_finds_it_in_its_log(pipeline: Pipeline, caplog: pytest.LogCaptureFixture) -> None:
    loaded = load(agents(pipeline("parrot"), ""))

    with caplog.at_level(logging.WARNING, "genie.runtime"):
        Runtime.from_pipeline(loaded)

    assert [record.name for record in caplog.records] == ["genie.runtime"]
