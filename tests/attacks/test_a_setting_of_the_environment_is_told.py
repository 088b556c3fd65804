"""Attack: a value that a pipeline takes from the environment is looked for in everything that commands print."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from click.testing import Result

from genie.config.environment import hidden, remember, remembering
from genie.errors import ConfigError
from genie.server.who import read_who
from tests.genie.cli.conftest import genie, installed, pipeline, toys

__all__ = ("genie", "installed", "pipeline", "toys")

Genie = Callable[..., Result]
MARK = "m4rkerwords"
SETTINGS = {
    "environment": 'environment: "${MARK}"',
    "user": 'caller: { user: "${MARK}" }',
    "roles": 'caller: { roles: ["${MARK}"] }',
    "tenant": 'caller: { tenant: "${MARK}" }',
    "region": 'caller: { region: "${MARK}" }',
    "clearance": 'caller: { clearance: "${MARK}" }',
    "consent": 'caller: { consent: ["${MARK}"] }',
    "keys": 'caller: { keys: "${MARK}" }',
    "keys in a file": 'caller: { keys: "file/${MARK}" }',
    "issuer": 'caller: { keys: keys.json, issuer: "${MARK}", audience: "${MARK}" }',
    "audit": 'audit: { path: "file/${MARK}" }',
    "audit with a key": 'audit: { path: trail, key: "${MARK}.key" }',
    "audit with an anchor": 'audit: { path: trail, anchor: "file/${MARK}" }',
    "audit fsync": 'audit: { path: trail, fsync: "${MARK}" }',
    "log": 'durability: batched\nlog: { path: "file/${MARK}" }',
    "log keys": 'durability: batched\nlog: { path: my.log, keys: "${MARK}" }',
    "control": 'control: { path: "file/${MARK}" }',
    "control itself": 'control: { path: "folder-${MARK}" }',
    "rate": 'rates: [{ id: "${MARK}", per_s: 0.0001, wait_s: 0 }]',
    "rate of tenants": 'rates: [{ id: slow, tenants: ["${MARK}"], per_s: 1 }]',
    "budget": 'budgets: [{ id: "${MARK}", messages: 1 }]',
    "budget zone": 'budgets: [{ id: b, per: tenant_day, zone: "${MARK}", messages: 1 }]',
    "topics": 'unused: ["${MARK}.x"]',
    "schedule": 'schedules: [{ id: s, cron: "${MARK}", question: { text: x } }]',
    "join": 'joins: [{ id: "${MARK}", into: toys.side, parts: { text: toys.reply } }]',
    "policy file": 'policies: ["${MARK}.yaml"]',
    "policy file in a folder": 'policies: ["file/${MARK}.yaml"]',
    "policy": 'policies: ["${MARK}"]',
    "policy setting": 'policies: [{ payload_size: { topics: { "toys.question": "${MARK}" } } }]',
    "residency": 'policies: [{ residency: { regions: { eu: ["${MARK}"] } } }]',
    "headers": 'policies: [{ required_headers: { headers: ["${MARK}"] } }]',
    "consent of a topic": 'policies: [{ consent: { topics: { toys.question: "${MARK}" } } }]',
    "purpose": 'policies: [{ consent: { purposes: { toys.question: "${MARK}" } } }]',
    "rbac": 'policies: [{ topic_roles: { topics: { toys.question: ["${MARK}"] } } }]',
    "tool approval": 'policies: [{ tool_approval: { approvers: ["${MARK}"] } }]',
}
AGENTS = {
    "agent": '{ id: parrot, use: "${MARK}" }',
    "agent region": '{ id: parrot, region: "${MARK}" }',
    "agent settings": '{ id: parrot, settings: { a: "${MARK}" } }',
    "agent tenants": '{ id: parrot, tenants: ["${MARK}"] }',
    "agent port": '{ id: parrot, ports: { http: { use: "${MARK}", settings: { x: "${MARK}" } } } }',
    "fallback": '{ id: parrot, fallback: "${MARK}" }',
}
SHORT = (("graph", "toys.yaml"), ("run", "toys.yaml", "--json"), ("status", "--pipeline", "toys.yaml"))
COMMANDS = (
    ("check", "toys.yaml"),
    ("graph", "toys.yaml"),
    ("bom", "toys.yaml"),
    ("run", "toys.yaml"),
    ("run", "toys.yaml", "--json"),
    ("run", "toys.yaml", "--json", "--no-debug", "--tenant", "other"),
    ("run", "toys.yaml", "--journal", "journal.jsonl"),
    ("ask", "--pipeline", "toys.yaml", "hello"),
    ("status", "--pipeline", "toys.yaml"),
    ("status", "--pipeline", "toys.yaml", "--json"),
    ("approvals", "list", "--pipeline", "toys.yaml"),
    ("kill", "agent", "parrot", "--pipeline", "toys.yaml", "--reason", "x"),
    ("policy", "test", "toys.yaml"),
    ("policy", "explain", "toys.yaml", "message.json"),
    ("policy", "explain", "toys.yaml", "message.json", "--json"),
    ("policy", "diff", "toys.yaml", "toys.yaml", "journal.jsonl"),
)


def leaks(
    genie: Genie, installed: Path, pipeline: Callable[..., str], setting: str, commands: Iterable[tuple[str, ...]]
) -> list[str]:
    """Return what commands print of a setting that came from the environment."""
    path = Path(pipeline(AGENTS.get(setting, "parrot"), more=SETTINGS.get(setting, "")))
    assert "${MARK}" in path.read_text()
    told = []
    for words in commands:
        result = genie(*words)
        assert result.exit_code in {0, 1, 2, 3, 4, 5}, (words, result.exception)
        told += [f"{words[0]}: {line}" for line in (result.stdout + result.stderr).splitlines() if MARK in line]
    return told


@pytest.fixture
def marked(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the marker to the environment, and lay out files that settings lead to."""
    monkeypatch.setenv("MARK", MARK)
    (installed / "file").write_text("not a folder")
    (installed / f"folder-{MARK}").mkdir()
    (installed / "message.json").write_text(json.dumps({"topic": "toys.question", "payload": {"text": "x"}}))


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("setting", ["user", "audit", "audit with a key", "log", "control itself"])
def test_no_command_prints_a_setting_that_leads_nowhere(
    genie: Genie, installed: Path, pipeline: Callable[..., str], setting: str
) -> None:
    assert not leaks(genie, installed, pipeline, setting, SHORT)


@pytest.mark.slow
@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("setting", [*SETTINGS, *AGENTS])
def test_no_command_prints_any_setting_of_the_environment(
    genie: Genie, installed: Path, pipeline: Callable[..., str], setting: str
) -> None:
    assert not leaks(genie, installed, pipeline, setting, COMMANDS)


@pytest.mark.usefixtures("marked")
def test_what_the_environment_gave_to_a_run_is_its_data(
    genie: Genie, installed: Path, pipeline: Callable[..., str]
) -> None:
    path = Path(pipeline("parrot"))
    path.write_text(path.read_text().replace("default: hello", 'default: "${MARK}"'))
    assert MARK in genie("run", "toys.yaml", "--json").stdout


def test_values_are_hidden_while_a_command_runs() -> None:
    with remembering():
        remember("PATH_OF_IT", "some//folder/with-a-long-name")
        remember("WORD", "prod")
        remember("TINY", "eu")
        assert hidden("some/folder/with-a-long-name: no") == "${PATH_OF_IT}: no"
        assert (
            hidden("some//folder/wit... is production, prod/x in eu")
            == "${PATH_OF_IT}... is production, ${WORD}/x in eu"
        )
    assert hidden("prod") == "prod"


@pytest.mark.usefixtures("marked")
def test_the_api_and_the_page_show_no_title_of_the_environment(
    genie: Genie, installed: Path, pipeline: Callable[..., str]
) -> None:
    path = Path(pipeline("parrot"))
    path.write_text(re.sub("(?m)^title: .*", 'title: "${MARK}"', path.read_text()))
    result = genie("check", "toys.yaml")
    assert result.exit_code == 2
    assert "a title is shown, so it cannot come from the environment" in result.output

    who = installed / "who.yaml"
    who.write_text('issuers: [{ issuer: "https://id.example", sign_in: { title: "${MARK}" } }]')
    with pytest.raises(ConfigError, match="a title is shown"):
        read_who(who, {"MARK": MARK})
