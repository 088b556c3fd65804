"""The list of what is in the single file, as CycloneDX JSON: versions, licences, hashes, and what needs what."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import uuid
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from distribution.bundle import EXTRAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cyclonedx.model.license import License
    from packaging.utils import NormalizedName

_OWN = "genie-bus"
_BANNER = re.compile(rb"/\*!\s+\* (\S+) v([\d.]+)\s(.*?)\*/", re.DOTALL)
"""What a script from elsewhere starts with."""
_BANNER_LICENCE = re.compile(rb"under the (\S+) Licen[sc]e")
_CLASSIFIED = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Classifiers that stand for one licence; others, such as "BSD License", are passed on in their own words."""
_LONGEST_NAME = 100


def write(target: Path, *, pyz: Path, site: Path, wheels: Path, stamp: int) -> int:
    """Write the list and return how many components it has.

    Args:
        target: The JSON file.
        pyz: The single file.
        site: The installed folder that it was made of.
        wheels: The wheels that were installed into that folder, each under its file name.
        stamp: Seconds since the epoch that the list is dated with.

    Raises:
        SystemExit: A part cannot be described, or the result is not of the format.
    """
    digest = _digest(pyz.read_bytes())
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"sha256:{digest}"))
    bom.metadata.timestamp = datetime.fromtimestamp(stamp, UTC)
    bom.metadata.tools.components.add(_loader("cyclonedx-python-lib", "the library that wrote this list"))
    found = sorted(importlib.metadata.distributions(path=[str(site)]), key=lambda one: canonicalize_name(one.name))
    parts = {canonicalize_name(one.name): _part(one, site, wheels) for one in found}
    loader = _loader("shiv", "loader of the single file: _bootstrap/ and environment.json")
    whole = Component(
        type=ComponentType.APPLICATION, name=pyz.name, version=str(parts[canonicalize_name(_OWN)].version),
        bom_ref=pyz.name, hashes=[_hash(digest)], licenses=parts[canonicalize_name(_OWN)].licenses,
    )  # fmt: skip
    bom.metadata.component = whole
    bom.components.update([*parts.values(), loader, *_files(pyz)])
    bom.register_dependency(whole, [parts[canonicalize_name(_OWN)], loader])
    for one in found:
        name = canonicalize_name(one.name)
        bom.register_dependency(parts[name], [parts[need] for need in _needs(one) if need in parts])
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        raise SystemExit(f"the list of contents is no CycloneDX 1.6: {wrong}")
    target.write_text(text + "\n", encoding="utf-8")
    return len(bom.components)


def _part(found: importlib.metadata.Distribution, site: Path, wheels: Path) -> Component:
    name = canonicalize_name(found.name)
    wheel = next(path for path in wheels.glob("*.whl") if parse_wheel_filename(path.name)[0] == name)
    lists = [path for path in found.files or () if path.match("*.dist-info/sboms/*.json")]
    return Component(
        name=found.name, version=found.version, bom_ref=f"{name}=={found.version}",
        purl=PackageURL("pypi", name=name, version=found.version), description=found.metadata["Summary"],
        hashes=[_hash(_digest(wheel.read_bytes()))], licenses=[_licence(found)],
        # A wheel may bring the list of what is compiled into it; it is in the file, so it is pointed at.
        external_references=[
            ExternalReference(type=ExternalReferenceType.BOM, url=XsUri(f"site-packages/{path.as_posix()}"))
            for path in lists
        ],
        components=_scripts(site) if name == _OWN else (),
    )  # fmt: skip


def _scripts(site: Path) -> Iterator[Component]:
    """Describe the scripts of others that Genie's pages carry, from the banners that these start with."""
    for path in sorted((site / "genie").rglob("*.min.js")):
        banners = _BANNER.findall(path.read_bytes())
        if not banners:
            raise SystemExit(f"{path.relative_to(site)}: no banner says what it is, so it cannot be listed")
        for position, (name, version, text) in enumerate(banners):
            licence = _BANNER_LICENCE.search(text)
            if licence is None:
                raise SystemExit(f"{path.relative_to(site)}: no banner says the licence of {name.decode()}")
            full = name.decode().lower()
            group, _, short = full.rpartition("/")
            yield Component(
                name=full, version=version.decode(), bom_ref=f"npm:{full}@{version.decode()}",
                purl=PackageURL("npm", namespace=group or None, name=short, version=version.decode()),
                description=f"in {path.relative_to(site).as_posix()}",
                hashes=[_hash(_digest(path.read_bytes()))] if position == 0 else [],
                licenses=[LicenseFactory().make_from_string(licence[1].decode())],
            )  # fmt: skip


def _loader(name: str, what: str) -> Component:
    found = importlib.metadata.distribution(name)
    return Component(
        name=name, version=found.version, bom_ref=f"{name}=={found.version}", description=what,
        purl=PackageURL("pypi", name=name, version=found.version), licenses=[_licence(found)],
    )  # fmt: skip


def _files(pyz: Path) -> Iterator[Component]:
    with zipfile.ZipFile(pyz) as archive:
        for name in archive.namelist():
            if not name.startswith("site-packages/"):
                yield Component(
                    type=ComponentType.FILE, name=name, bom_ref=f"file:{name}",
                    hashes=[_hash(_digest(archive.read(name)))],
                )  # fmt: skip


def _licence(found: importlib.metadata.Distribution) -> License:
    """Return the licence that a distribution declares: its expression, else its classifier, else its short text."""
    said: str | None = found.metadata["License-Expression"]
    classes = [
        one.rpartition(" :: ")[2] for one in found.metadata.get_all("Classifier", ()) if one.startswith("License ::")
    ]
    text = (found.metadata["License"] or "").strip()
    if not said and len(classes) == 1:
        said = _CLASSIFIED.get(classes[0])
    if not said and text and len(text) <= _LONGEST_NAME:
        said = text
    if not said and classes:
        said = " and ".join(classes)
    if not said:
        raise SystemExit(f"{found.name} {found.version} does not say its licence")
    return LicenseFactory().make_from_string(said)


def _needs(found: importlib.metadata.Distribution) -> Iterable[NormalizedName]:
    extras = ("", EXTRAS) if found.name == _OWN else ("",)
    for text in found.requires or ():
        need = Requirement(text)
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras):
            yield canonicalize_name(need.name)


def _hash(digest: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=digest)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
