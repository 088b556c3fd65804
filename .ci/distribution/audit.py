"""Whether a list of contents (CycloneDX) says exactly what is in a single file: no part more, none less, each hash.

It reads both as anybody would, with the standard library, and shares nothing with what wrote them.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_SITE = "site-packages/"
_OWN = "genie-bus"
_LOADER = "shiv"
"""Of which the file holds the loader alone; each of those files is listed with its hash."""


def problems(pyz: Path, inventory: Path, pins: Path) -> list[str]:
    """Return every difference, in words; none means that the list is exact.

    Args:
        pyz: The single file.
        inventory: What is said to be in it, as CycloneDX JSON.
        pins: The hashed requirements that its content has to come from.
    """
    said: dict[str, Any] = json.loads(inventory.read_text(encoding="utf-8"))
    components = [component for top in said["components"] for component in _with_inner(top)]
    found: list[str] = []
    if _sha256(said["metadata"]["component"]) != hashlib.sha256(pyz.read_bytes()).hexdigest():
        found.append(f"the list is of another file than {pyz.name}")
    with zipfile.ZipFile(pyz) as archive:
        names = archive.namelist()
        if len(set(names)) != len(names):
            found.append("a name is in the file twice")
        content = {name: archive.read(name) for name in names}
    found += _distributions(content, components, pins.read_text(encoding="utf-8"))
    found += _recorded({name.removeprefix(_SITE): data for name, data in content.items() if name.startswith(_SITE)})
    found += _files({name: data for name, data in content.items() if not name.startswith(_SITE)}, components)
    found += [
        f"{one['name']} has no licence" for one in components if one["type"] != "file" and not one.get("licenses")
    ]
    return found


def _distributions(content: dict[str, bytes], components: list[dict[str, Any]], pins: str) -> Iterator[str]:
    """Compare names and versions, and each hash with those that the pins allow."""
    listed = {_normal(one["name"]): one for one in components if one.get("purl", "").startswith("pkg:pypi/")}
    inside: dict[str, str] = {}
    for name, data in content.items():
        if re.fullmatch(rf"{_SITE}[^/]+\.dist-info/METADATA", name):
            head = Parser().parsestr(data.decode("utf-8"), headersonly=True)
            inside[_normal(head["Name"])] = head["Version"]
    for name in sorted(inside.keys() - listed.keys()):
        yield f"{name} is in the file and not in the list"
    for name in sorted(listed.keys() - inside.keys() - {_LOADER}):
        yield f"{name} is in the list and not in the file"
    for name in sorted(inside.keys() & listed.keys()):
        if listed[name]["version"] != inside[name]:
            yield f"{name} is {inside[name]}, and the list says {listed[name]['version']}"
        digest = _sha256(listed[name])
        if not digest:
            yield f"{name} has no hash"
        elif name != _OWN and digest not in _pinned(pins, name, inside[name]):
            yield f"{name} {inside[name]} is not what the pins allow"


def _recorded(site: dict[str, bytes]) -> Iterator[str]:
    """Compare every installed file with the record of the distribution that brought it."""
    owned: dict[str, str] = {}
    for name, data in site.items():
        if not name.endswith(".dist-info/RECORD"):
            continue
        for path, digest, _size in csv.reader(data.decode("utf-8").splitlines()):
            if path in owned:
                yield f"{path} belongs to two distributions"
            owned[path] = digest
    for path in sorted(site.keys() - owned.keys()):
        yield f"{path} belongs to no distribution"
    for path, digest in sorted(owned.items()):
        if path not in site:
            yield f"{path} is recorded and not in the file"
        elif digest and digest != _record_hash(site[path]):
            yield f"{path} is not what its distribution brought"


def _files(outside: dict[str, bytes], components: list[dict[str, Any]]) -> Iterator[str]:
    """Compare what stands beside the installed files: the loader."""
    listed = {one["name"]: _sha256(one) for one in components if one["type"] == "file"}
    for name in sorted(outside.keys() | listed.keys()):
        if name not in listed:
            yield f"{name} is in the file and not in the list"
        elif name not in outside:
            yield f"{name} is in the list and not in the file"
        elif listed[name] != hashlib.sha256(outside[name]).hexdigest():
            yield f"{name} has another hash than the list says"


def _with_inner(component: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield component
    for inner in component.get("components", ()):
        yield from _with_inner(inner)


def _pinned(pins: str, name: str, version: str) -> set[str]:
    for entry in re.split(r"\n(?=\S)", pins):
        head = re.match(r"([\w.-]+)==([\w.]+)", entry)
        if head and (_normal(head[1]), head[2]) == (name, version):
            return set(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry))
    return set()


def _sha256(component: dict[str, Any]) -> str:
    return next((str(one["content"]) for one in component.get("hashes", ()) if one["alg"] == "SHA-256"), "")


def _record_hash(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
