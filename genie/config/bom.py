"""Bill of materials of a pipeline: agents, models, prompts, policies, tools and outside hosts, as CycloneDX 1.6.

It states only what the pipeline and the cards state. A value that a file takes from the environment stays ``${NAME}``,
keys and settings are left out, and of a URL only scheme and host are listed. It has no date and no random number: the
same files give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from genie.contracts.message import topic_of
from genie.contracts.model_call import ModelRequest
from genie.errors import InputError
from genie.policy.policy import settings_hash

if TYPE_CHECKING:
    from pathlib import Path

    from genie.config.pipeline import Pipeline
    from genie.config.source_map import SourceMap
    from genie.contracts.agent import Binding
    from genie.graph.model import KeyPath

SPEC = "1.6"
PREDICATE = "https://cyclonedx.org/bom"
"""Type of the signed statement, in the in-toto register of predicates."""
_FIXED = frozenset({"$schema", "alg", "bomFormat", "content", "specVersion", "type"})
"""Keys whose values are words of the format."""
_STATED = ("base", "family", "inference_region", "internal", "model", "price", "region", "window", "wire")
"""Keys of an entry of ``models`` that are facts about the model."""
_ADDRESS = re.compile(r"([a-z]{2,5}://)?(?:[^/?#]*@)?([^/?#]*)")
_DEFAULT = re.compile(r":-[^}]*\}")
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?|\[[0-9A-Fa-f:]+\](?::[0-9]+)?")
_LABELLED = ("risk", "tier", "executor")


def bom_of(pipeline: Pipeline, *, version: str) -> dict[str, Any]:
    """Return the bill of materials of a pipeline that was loaded from a file.

    Args:
        pipeline: The pipeline.
        version: Version of this library, which the bill names as its maker.

    Raises:
        InputError: A file of the pipeline cannot be read.
    """
    found = _Materials(pipeline)
    found.collect()
    whole = found.parts.pop(found.root)
    parts = {ref: part for ref, part in sorted(found.parts.items()) if not ref.startswith(("tool:", "host:"))}
    document: dict[str, Any] = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json", "bomFormat": "CycloneDX", "specVersion": SPEC,
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "genie-bus", "version": version}]},
            "component": whole,
        },
        "components": list(parts.values()),
        "services": [part for ref, part in sorted(found.parts.items()) if ref not in parts],
        "dependencies": [{"ref": ref, "dependsOn": sorted(needs)} for ref, needs in sorted(found.needs.items())],
    }  # fmt: skip
    document = _hidden(document, pipeline.policies.hide or str)
    digest = hashlib.sha256(text_of(document).encode()).hexdigest()
    return {**document, "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'sha256:{digest}')}"}


def text_of(document: Mapping[str, Any]) -> str:
    """Return the text of a bill of materials: the one form that a signature covers."""
    return json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n"


class _Materials:
    """The parts of one pipeline by reference, and which of them need which."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.document: SourceMap = pipeline.policy_source.document
        self.root = f"pipeline:{pipeline.id}"
        self.parts: dict[str, dict[str, Any]] = {}
        self.needs: dict[str, set[str]] = {}

    def collect(self) -> None:
        one, path = self.pipeline, self.pipeline.path
        if path is None:
            raise InputError(one.id, "was not loaded from a file, so it has no bill of materials")
        facts = {
            "environment": one.environment.name,
            "input": topic_of(one.entry).name,
            "output": topic_of(one.answer).name,
        }
        self.add(self.root, "application", one.id, facts, description=one.title, hashes=_hashes(path))
        for binding in one.bindings:
            self.needs[self.root].add(self.agent(binding))
        for policy in one.policies.policies:
            mode = "shadow" if policy.name in one.policies.shadow else "enforce"
            # The hash of a setting from the environment would let a reader test guesses of its value.
            settings = settings_hash(policy) if one.policies.hide is None else None
            self.need(self.root, f"policy:{policy.name}", "data", policy.name, {"mode": mode, "settings": settings},
                      version=policy.version)  # fmt: skip
        for place, item in enumerate(_items(self.document.at(("policies",)))):
            if isinstance(item, str):
                self.file(self.root, ("policies", place), one.policy_source.folder / item)

    def add(self, ref: str, kind: str, name: str, facts: Mapping[str, object] | None = None, **more: Any) -> None:
        """Add a part; of two with one reference, the first. A service has no kind."""
        self.needs.setdefault(ref, set())
        self.parts.setdefault(ref, _stated({"type": kind, "bom-ref": ref, "name": name, **_about(facts or {}), **more}))

    def need(
        self, by: str, ref: str, kind: str, name: str, facts: Mapping[str, object] | None = None, **more: Any
    ) -> None:
        """Add a part that another needs."""
        self.add(ref, kind, name, facts, **more)
        self.needs[by].add(ref)

    def file(self, by: str, at: KeyPath, path: Path) -> None:
        name = self.said(at)
        self.need(by, f"file:{name}", "file", name, hashes=_hashes(path))

    def said(self, at: KeyPath) -> str:
        """Return a value as the pipeline file writes it."""
        return self.document.source(at) or str(self.document.at(at))

    def agent(self, binding: Binding) -> str:
        card, agent = binding.card, binding.agent
        ref = f"agent:{card.id}"
        facts = {name: getattr(card, name) for name in _LABELLED} | {
            "clearance": card.clearance.label, "region": card.region, "egress": card.egress or None,
            "rules": ", ".join(card.rules), "capabilities": ", ".join(card.capabilities),
        }  # fmt: skip
        listed = enumerate(_items(self.document.at(("agents",))))
        sections: list[tuple[KeyPath, Any]] = [(("agents", at), item) for at, item in listed if item["id"] == card.id]
        for at, item in sections:
            facts |= {f"port.{name}": self.said((*at, "ports", name, "use")) for name in item.get("ports") or ()}
        self.add(ref, "application", card.id, facts, version=card.version, description=card.description)
        for at in (one for place, item in sections for one in _addresses(item, place)):
            self._host(ref, self.said(at))
        model = getattr(agent, "model", None)
        tools = getattr(getattr(agent, "toolbox", None), "tools", ())
        asked = {one for kind in card.asks if kind is not ModelRequest or not model
                 for one in self.pipeline.graph.takers.get(kind, ())}  # fmt: skip
        ids = {one.card.id for one in self.pipeline.bindings}
        named = asked - {tool.agent for tool in tools} | {model, card.fallback}
        self.needs[ref] |= {f"agent:{one}" for one in named & ids - {card.id}}
        self._prompt(ref, getattr(agent, "prompt", None))
        given = self.document.source(("loops", card.id, "tools"))  # a hash would confirm a guess of its value
        for tool in tools:
            self.need(ref, f"tool:{card.id}/{tool.name}", "", tool.name, {
                "effect": tool.effect, "trusted": tool.trusted, "approval": tool.approval,
                "sha256": None if given else tool.spec.hash,
            }, version=str(tool.version), description=tool.description)  # fmt: skip
            self.needs[f"tool:{card.id}/{tool.name}"].add(f"agent:{tool.agent}")
        lock: KeyPath = ("loops", card.id, "lock")
        if self.document.at(lock):
            self.file(ref, lock, self.pipeline.policy_source.folder / str(self.document.at(lock)))
        if self.document.at(("models", card.id)):
            self._model(ref, card.id, agent)
        return ref

    def _prompt(self, by: str, prompt: Any) -> None:
        if prompt is not None and hasattr(prompt, "sha256"):
            name, _, version = prompt.name.rpartition(".v")
            self.need(by, f"prompt:{prompt.name}@{prompt.sha256[:16]}", "data", name, version=version,
                      hashes=[{"alg": "SHA-256", "content": prompt.sha256}])  # fmt: skip

    def _model(self, by: str, name: str, agent: Any) -> None:
        at: KeyPath = ("models", name)
        given: dict[str, object] = {
            key: self.document.source((*at, key)) or self.document.at((*at, key)) for key in _STATED
        }  # fmt: skip
        # With a base of its own, a model may be at anybody's: the wire then is only a dialect.
        if given["family"] or not given["base"]:
            given["provider"] = str(given["family"] or agent.provider.family).partition("/")[0]
        base = given.pop("base") or getattr(agent.provider, "base", None)
        if isinstance(given["price"], str) and "$" not in given["price"]:
            from genie.edges.llm.price import priced  # noqa: PLC0415 - only for models with a price of the table

            entry: Any = priced(given["price"], date.max)
            given |= {"price_from": entry.since.isoformat(), "price_source": entry.source}
        elif isinstance(given["price"], dict):
            given["price"] = "stated in the pipeline"
        stated = str(given.pop("model") or name)
        self.need(by, f"model:{name}", "machine-learning-model", stated, modelCard=_about(given))
        if base is not None:
            self._host(f"model:{name}", str(base))

    def _host(self, by: str, address: str) -> None:
        """Add an outside host; of its address, only the scheme, the host and the port."""
        scheme, name = _ADDRESS.match(_DEFAULT.sub("}", address)).groups("")  # type: ignore[union-attr]  # it matches any text
        endpoints = [f"{scheme}{name}"] if scheme and _HOST.fullmatch(name) else []
        if name:
            self.need(by, f"host:{name}", "", name, endpoints=endpoints)


def _addresses(value: object, at: KeyPath, *, listed: bool = False) -> Iterator[KeyPath]:
    """Yield the paths of URLs, and of what a list of ``hosts`` holds, in the settings of an agent and of its ports."""
    if isinstance(value, str):
        if listed or value.startswith(("https://", "http://", "wss://", "ws://")):
            yield at
        return
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in pairs:
        yield from _addresses(part, (*at, key), listed=listed or key == "hosts")


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _stated(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value}


def _about(facts: Mapping[str, object]) -> dict[str, Any]:
    """Return the facts that are stated, as properties."""
    listed = [
        {"name": f"genie:{key}", "value": str(value).lower() if isinstance(value, bool) else str(value)}
        for key, value in sorted(facts.items()) if value is not None and value != ""
    ]  # fmt: skip
    return {"properties": listed} if listed else {}


def _hashes(path: Path) -> list[dict[str, str]]:
    try:
        with path.open("rb") as file:
            return [{"alg": "SHA-256", "content": hashlib.file_digest(file, "sha256").hexdigest()}]
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})") from None


def _hidden(node: Any, hide: Any) -> Any:
    """Return a document whose texts have the variable in place of each value that a file took from it."""
    if isinstance(node, dict):
        kept = _FIXED | {"name"} if "value" in node else _FIXED
        return {key: part if key in kept else _hidden(part, hide) for key, part in node.items()}
    if isinstance(node, list):
        return [_hidden(part, hide) for part in node]
    return hide(node) if isinstance(node, str) else node
