"""The audit of a list of contents finds every way in which it can differ from the file."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from distribution.audit import problems

Members = dict[str, bytes]
INFO = "site-packages/left-1.0.dist-info"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def recorded(path: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(data)}\n"


def members() -> Members:
    code, head = b"print()\n", b"Metadata-Version: 2.4\nName: Left\nVersion: 1.0\n"
    record = recorded("left.py", code) + recorded("left-1.0.dist-info/METADATA", head) + "left-1.0.dist-info/RECORD,,\n"
    return {
        "__main__.py": b"import left\n",
        "site-packages/left.py": code,
        f"{INFO}/METADATA": head,
        f"{INFO}/RECORD": record.encode(),
    }


def listed() -> dict[str, Any]:
    return {
        "metadata": {"component": {"name": "x.pyz"}},
        "components": [
            {
                "type": "library", "name": "Left", "version": "1.0", "purl": "pkg:pypi/left@1.0",
                "licenses": [{"license": {"id": "MIT"}}], "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
            },
            {
                "type": "file", "name": "__main__.py",
                "hashes": [{"alg": "SHA-256", "content": sha256(b"import left\n")}],
            },
        ],
    }  # fmt: skip


def audited(folder: Path, content: Members, said: dict[str, Any]) -> list[str]:
    pyz, inventory, pins = folder / "x.pyz", folder / "x.json", folder / "pins.txt"
    with zipfile.ZipFile(pyz, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    said["metadata"]["component"].setdefault("hashes", [{"alg": "SHA-256", "content": sha256(pyz.read_bytes())}])
    inventory.write_text(json.dumps(said))
    pins.write_text(f"left==1.0 \\\n    --hash=sha256:{'b' * 64} \\\n    --hash=sha256:{'a' * 64}\n")
    return problems(pyz, inventory, pins)


def test_an_exact_list_has_no_problems(tmp_path: Path) -> None:
    assert audited(tmp_path, members(), listed()) == []


def no_hash(_content: Members, said: dict[str, Any]) -> None:
    said["components"][0]["hashes"] = []


def other_hash(_content: Members, said: dict[str, Any]) -> None:
    said["components"][0]["hashes"][0]["content"] = "c" * 64


def other_version(_content: Members, said: dict[str, Any]) -> None:
    said["components"][0]["version"] = "1.1"


def no_licence(_content: Members, said: dict[str, Any]) -> None:
    del said["components"][0]["licenses"]


def not_listed(_content: Members, said: dict[str, Any]) -> None:
    del said["components"][0]


def not_inside(_content: Members, said: dict[str, Any]) -> None:
    said["components"].append({**said["components"][0], "name": "right", "purl": "pkg:pypi/right@1.0"})


def other_code(content: Members, _said: dict[str, Any]) -> None:
    content["site-packages/left.py"] = b"evil()\n"


def more_code(content: Members, _said: dict[str, Any]) -> None:
    content["site-packages/evil.py"] = b"evil()\n"


def less_code(content: Members, _said: dict[str, Any]) -> None:
    del content["site-packages/left.py"]


def other_start(content: Members, _said: dict[str, Any]) -> None:
    content["__main__.py"] = b"evil()\n"


def more_start(content: Members, _said: dict[str, Any]) -> None:
    content["sitecustomize.py"] = b"evil()\n"


def other_file(_content: Members, said: dict[str, Any]) -> None:
    said["metadata"]["component"]["hashes"] = [{"alg": "SHA-256", "content": "d" * 64}]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (no_hash, ["left has no hash"]),
        (other_hash, ["left 1.0 is not what the pins allow"]),
        (other_version, ["left is 1.0, and the list says 1.1"]),
        (no_licence, ["Left has no licence"]),
        (not_listed, ["left is in the file and not in the list"]),
        (not_inside, ["right is in the list and not in the file"]),
        (other_code, ["left.py is not what its distribution brought"]),
        (more_code, ["evil.py belongs to no distribution"]),
        (less_code, ["left.py is recorded and not in the file"]),
        (other_start, ["__main__.py has another hash than the list says"]),
        (more_start, ["sitecustomize.py is in the file and not in the list"]),
        (other_file, ["the list is of another file than x.pyz"]),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
def test_every_difference_is_found(
    change: Callable[[Members, dict[str, Any]], None], wanted: list[str], tmp_path: Path
) -> None:
    content, said = members(), listed()
    change(content, said)
    assert audited(tmp_path, content, said) == wanted
