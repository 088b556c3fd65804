"""`genie bom`: the bill of materials of a pipeline has its parts and no secret, and a changed one is refused."""

from __future__ import annotations

import base64
import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from genie.cli import main
from genie.config.examples import shipped
from genie.edges.identity.keys import generate

ENVIRON = {
    "BOM_BASE": "https://inside.bank.example/v1", "BOM_HOST": "mark-host.example", "BOM_KEY": "mark-key",
    "BOM_MODEL": "mark-model", "BOM_REGION": "mark-region", "BOM_SAID": "mark-said", "BOM_WHO": "mark-who",
}  # fmt: skip
DESK = """
version: 1
id: desk
agents:
  - id: web
    region: ${BOM_REGION}
    ports: { Fetch: { use: http, settings: { hosts: [api.example.org, "${BOM_HOST}"] } } }
  - calculator
models:
  big:
    wire: anthropic
    model: claude-opus-5-5
    key: ${BOM_KEY}
    price: anthropic/claude-opus-5-5
    inference_region: eu
    fallback: [own]
  own: { wire: openai_chat, base: "${BOM_BASE:-https://x.example/mark-path}", model: "${BOM_MODEL}", internal: true }
loops:
  asker:
    { shape: react, model: big, prompt: own.v1.md, tools: [web, { agent: calculator, description: "${BOM_SAID}" }] }
policies: [standard.yaml, payload_size, { topic_roles: { topics: { loop.task: ["${BOM_WHO}"] } } }]
input: loop.task
output: loop.answer
"""
PART = {"bom-ref", "name", "version", "description", "properties"}
COMPONENT = PART | {"type", "hashes", "modelCard"}
TOP = {
    "$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "services",
    "dependencies",
}  # fmt: skip
TYPES = {"application", "data", "file", "machine-learning-model"}


def genie(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "desk.yaml").write_text(DESK.lstrip())
    (tmp_path / "own.v1.md").write_text("slots: task=text\n---\nBe brief.\n---\n{{task}}\n")
    (tmp_path / "standard.yaml").write_text("version: 1\nid: standard\npolicies: [{secrets: {mode: shadow}}]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(text: str) -> dict[str, Any]:
    """Check a document against the library's strict schema where that is installed, and by hand in any case."""
    if importlib.util.find_spec("cyclonedx") is not None:  # the environment of `make dist` has it
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator

        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found: dict[str, Any] = json.loads(text)
    assert set(found) == TOP
    assert (found["bomFormat"], found["specVersion"], found["version"]) == ("CycloneDX", "1.6", 1)
    whole = found["metadata"]["component"]
    components, services = [whole, *found["components"]], found["services"]
    assert all(set(one) <= COMPONENT and one["type"] in TYPES for one in components)
    assert all(set(one) <= PART | {"endpoints"} for one in services)
    cards = [one["modelCard"] for one in components if "modelCard" in one]
    for one in (*components, *services, *cards):
        assert all(set(fact) == {"name", "value"} and type(fact["value"]) is str for fact in one.get("properties", ()))
    assert all(len(one["content"]) == 64 for part in components for one in part.get("hashes", ()))
    refs = [one["bom-ref"] for one in (*components, *services)]
    assert all(type(one["name"]) is str and one["name"] for one in (*components, *services))
    assert sorted(refs) == [one["ref"] for one in found["dependencies"]]
    assert len(refs) == len(set(refs))
    assert {need for one in found["dependencies"] for need in one["dependsOn"]} == set(refs) - {whole["bom-ref"]}
    return found


def facts(part: Mapping[str, Any]) -> dict[str, str]:
    stated = part.get("modelCard", part).get("properties", ())
    return {one["name"].removeprefix("genie:"): one["value"] for one in stated}


@pytest.mark.parametrize("name", sorted(shipped()))
def test_each_shipped_pipeline_has_a_valid_bill(name: str) -> None:
    result = genie("bom", name)
    assert result.exit_code == 0, result.output
    checked(result.stdout)


def test_a_bill_names_agents_models_prompts_policies_tools_and_hosts_with_what_needs_what(desk: Path) -> None:
    found = checked(genie("bom", "desk.yaml").stdout)
    parts = {one["bom-ref"]: one for one in (*found["components"], *found["services"])}
    needs = {one["ref"]: one["dependsOn"] for one in found["dependencies"]}
    (prompt,) = (ref for ref in parts if ref.startswith("prompt:own.v1@"))
    assert needs["agent:asker"] == ["agent:big", prompt, "tool:asker/calculator", "tool:asker/web"]
    assert needs["agent:big"] == ["agent:own", "model:big"]
    assert needs["model:big"] == ["host:api.anthropic.com"]
    assert needs["model:own"] == ["host:${BOM_BASE}"]
    assert needs["tool:asker/web"] == ["agent:web"]
    assert needs["agent:web"] == ["host:${BOM_HOST}", "host:api.example.org"]
    assert (
        facts(parts["agent:web"]).items() >= {"port.Fetch": "http", "clearance": "internal", "risk": "medium"}.items()
    )
    big = facts(parts["model:big"])
    assert (parts["model:big"]["name"], big["provider"], big["inference_region"]) == (
        "claude-opus-5-5",
        "anthropic",
        "eu",
    )
    assert big["price_from"] == "2026-11-22"
    assert "provider" not in facts(parts["model:own"])  # the wire is a dialect there: anybody may speak it
    assert facts(parts["policy:secrets"])["mode"] == "shadow"
    assert parts["file:standard.yaml"]["hashes"]


def test_a_bill_is_the_same_anywhere_and_has_nothing_of_the_environment(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = genie("bom", "desk.yaml").stdout
    assert not [value for value in (*ENVIRON.values(), "inside.bank", "mark-") if value in first]
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value.replace("mark", "other").replace("inside", "other"))
    monkeypatch.chdir("/")
    assert genie("bom", str(desk / "desk.yaml")).stdout == first
    with (desk / "own.v1.md").open("a") as file:
        file.write("Now.\n")
    assert json.loads(genie("bom", str(desk / "desk.yaml")).stdout)["serialNumber"] != json.loads(first)["serialNumber"]


@pytest.fixture
def signed(desk: Path) -> Path:
    generate(desk / "key")
    generate(desk / "other")
    assert genie("bom", "desk.yaml", "--output", "bom.json", "--sign", "key").exit_code == 0
    return desk


def test_a_signature_is_an_in_toto_statement_that_any_program_can_verify(signed: Path) -> None:
    result = genie("bom", "--verify", "bom.json", "--key", "other.pub", "--key", "key.pub")
    assert result.exit_code == 0, result.output
    envelope = json.loads((signed / "bom.json.dsse").read_text())
    kind, body = envelope["payloadType"].encode(), base64.b64decode(envelope["payload"])
    key: Any = load_pem_public_key((signed / "key.pub").read_bytes())
    covered = b" ".join((b"DSSEv1", str(len(kind)).encode(), kind, str(len(body)).encode(), body))
    key.verify(base64.b64decode(envelope["signatures"][0]["sig"]), covered)
    statement = json.loads(body)
    assert statement["predicate"] == json.loads((signed / "bom.json").read_text())
    assert statement["subject"][0]["digest"] == {
        "sha256": statement["predicate"]["metadata"]["component"]["hashes"][0]["content"]
    }


def _bill(folder: Path) -> None:
    path = folder / "bom.json"
    path.write_text(path.read_text().replace('"claude-opus-5-5"', '"claude-opus-5-4"'))


def _spaces(folder: Path) -> None:
    with (folder / "bom.json").open("a") as file:
        file.write("\n")


def _statement(folder: Path) -> None:
    """Change the bill and the statement alike."""
    _bill(folder)
    path = folder / "bom.json.dsse"
    envelope = json.loads(path.read_text())
    body = base64.b64decode(envelope["payload"]).replace(b'"claude-opus-5-5"', b'"claude-opus-5-4"')
    path.write_text(json.dumps({**envelope, "payload": base64.b64encode(body).decode()}))


def _by_another(folder: Path) -> None:
    assert genie("bom", "desk.yaml", "--output", "bom.json", "--sign", "other").exit_code == 0


def _another_id(folder: Path) -> None:
    """Claim the expected key for the signature of another one."""
    expected = json.loads((folder / "bom.json.dsse").read_text())["signatures"][0]["keyid"]
    _by_another(folder)
    envelope = json.loads((folder / "bom.json.dsse").read_text())
    envelope["signatures"][0]["keyid"] = expected
    (folder / "bom.json.dsse").write_text(json.dumps(envelope))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_bill, "changed"), (_spaces, "changed"), (_statement, "bad_signature"), (_by_another, "unknown_key"),
        (_another_id, "bad_signature"),
        (lambda folder: (folder / "bom.json.dsse").unlink(), "not_signed"),
        (lambda folder: (folder / "bom.json.dsse").write_text('{"payload": []}'), "malformed"),
        (lambda folder: (folder / "bom.json.dsse").write_text("[" * 100_000), "malformed"),
    ],
)  # fmt: skip
def test_a_changed_bill_or_signature_is_refused(signed: Path, change: Callable[[Path], object], code: str) -> None:
    change(signed)
    result = genie("bom", "--verify", "bom.json", "--key", "key.pub")
    assert (result.exit_code, result.stdout.split(": ")[:2]) == (1, ["bom.json", code])


@pytest.mark.parametrize(
    "words",
    [
        (), ("--verify", "bom.json"), ("desk.yaml", "--sign", "key"), ("desk.yaml", "--key", "key.pub"),
        ("desk.yaml", "--verify", "bom.json", "--key", "key.pub"), ("--verify", "absent.json", "--key", "key.pub"),
        ("--verify", "bom.json", "--key", "absent.pub"), ("desk.yaml", "--output", "x.json", "--sign", "key.pub"),
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_two(signed: Path, words: tuple[str, ...]) -> None:
    result = genie("bom", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert not (signed / "x.json").exists()
