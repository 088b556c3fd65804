"""Key rings: stores of the keys that wrap the data keys of a log."""

from __future__ import annotations

import base64
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genie.errors import LogError
from genie.journal.sealing import ciphers

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = 16 << 20
"""Format of a key ring's file."""
_KEY_BYTES = 32
_NONCE = 12
_ID = 4
"""Bytes of the number of the wrapping key of a data key."""
_VERSION = 1


class FileKeyRing:
    """A ``KeyRing`` in a file that only its owner can read, with separate keys for each tenant.

    Anyone who has the file can read every log of its keys, so keep it on another disk, and in other backups, than the
    logs. A key removed by ``destroy`` is gone for good only when no older copy of the file is left.

    Args:
        path: The file; created at the first ``wrap``.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._cipher = ciphers()

    def wrap(self, tenant: str, key: bytes) -> bytes:
        """Return a data key, encrypted with the tenant's latest key."""
        tenants = self._read()
        known = tenants.setdefault(tenant, {"keys": {}, "destroyed": 0})
        if not known["keys"]:
            known["keys"][str(known["destroyed"] + 1)] = _text(os.urandom(_KEY_BYTES))
            self._write(tenants)
        number = max(known["keys"], key=int)
        return _wrapped(self._cipher(self._key(known["keys"][number])), int(number), tenant, key)

    def unwrap(self, tenant: str, wrapped: bytes) -> bytes | None:
        """Return a data key; None if the tenant's keys were destroyed."""
        known = self._read().get(tenant, {"keys": {}, "destroyed": 0})
        number = int.from_bytes(wrapped[:_ID], "big")
        if number <= known["destroyed"]:
            return None
        if str(number) not in known["keys"]:
            raise self._error(f"has no key {number} of tenant {tenant!r}", "restore the key ring that wrote this log")
        return _unwrapped(self._cipher(self._key(known["keys"][str(number)])), tenant, wrapped, str(self.path))

    def rotate(self) -> None:
        """Give every tenant a new key; the older ones still unwrap."""
        tenants = self._read()
        for known in tenants.values():
            if known["keys"]:
                known["keys"][str(max(map(int, known["keys"])) + 1)] = _text(os.urandom(_KEY_BYTES))
        self._write(tenants)

    def destroy(self, tenant: str) -> bool:
        """Destroy a tenant's keys; their last number is kept, and later data keys are wrapped with a new key."""
        tenants = self._read()
        known = tenants.get(tenant, {"keys": {}, "destroyed": 0})
        tenants[tenant] = {"keys": {}, "destroyed": max([known["destroyed"], *map(int, known["keys"])])}
        self._write(tenants)
        return True

    def _key(self, text: str) -> bytes:
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError:
            key = b""
        if len(key) != _KEY_BYTES:
            raise self._error("has a key that is not 32 bytes", "restore the key ring that wrote this log")
        return key

    def _read(self) -> dict[str, Any]:
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._error(f"cannot be read ({error.strerror})", "let this user read it") from None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise self._error("is not a regular file", "name the file of a key ring")
        with os.fdopen(handle, "rb") as file:
            if os.fstat(handle).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise self._error("can be read by users other than its owner", f"chmod 600 {self.path}")
            content = file.read(MOST_BYTES + 1)
        try:
            found = json.loads(content) if len(content) <= MOST_BYTES else None
            tenants = found["tenants"] if found is not None and found["version"] == _VERSION else None
            whole = isinstance(tenants, dict) and all(
                isinstance(one, dict) and type(one["destroyed"]) is int and _are_keys(one["keys"])
                for one in tenants.values()
            )
        except (ValueError, TypeError, KeyError, RecursionError):
            tenants, whole = None, False
        if not whole or not isinstance(tenants, dict):
            raise self._error("is not a key ring of this version", "name the key ring that wrote this log")
        return tenants

    def _write(self, tenants: Mapping[str, Any]) -> None:
        """Replace the file as a whole."""
        content = json.dumps({"version": _VERSION, "tenants": tenants}, indent=1).encode()
        made: str | None = None
        try:
            handle, made = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)
            Path(made).replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            if made is not None:
                Path(made).unlink(missing_ok=True)
            raise self._error(f"cannot be written ({error.strerror})", "let this user write to its folder") from None

    def _error(self, problem: str, remedy: str) -> LogError:
        return LogError(place=str(self.path), state="keys", problem=problem, remedy=remedy)


class EnvironmentKeyRing:
    """A ``KeyRing`` in an environment variable: keys of 32 bytes in base64, separated by commas, latest first.

    Keys of tenants are derived from them (HKDF), so none can be destroyed alone: ``destroy`` says so.

    Args:
        name: The variable.
        environ: The environment; that of the process by default.
    """

    def __init__(self, name: str, environ: Mapping[str, str] | None = None) -> None:
        self.place = f"env:{name}"
        self._cipher = ciphers()
        self._keys: list[bytes] = []
        for text in (os.environ if environ is None else environ).get(name, "").split(","):
            try:
                key = base64.b64decode(text.strip(), validate=True)
            except ValueError:
                key = b""
            if len(key) != _KEY_BYTES:
                raise self._error("contains no keys of 32 bytes in base64", "`openssl rand -base64 32` makes one")
            self._keys.append(key)

    def wrap(self, tenant: str, key: bytes) -> bytes:
        """Return a data key, encrypted with the first key."""
        first = self._keys[0]
        return _wrapped(self._cipher(_derived(first, tenant)), _number(first), tenant, key)

    def unwrap(self, tenant: str, wrapped: bytes) -> bytes | None:
        """Return a data key that any of the keys wrapped."""
        number = int.from_bytes(wrapped[:_ID], "big")
        for key in self._keys:
            if _number(key) == number:
                return _unwrapped(self._cipher(_derived(key, tenant)), tenant, wrapped, self.place)
        raise self._error("does not contain the key that this log was written with", "add it after the latest")

    def rotate(self) -> None:
        """Do nothing: a new key is added at the front of the variable."""

    def destroy(self, tenant: str) -> bool:  # noqa: ARG002 - the keys are of all tenants
        """Return False: the variable's keys are those of every tenant."""
        return False

    def _error(self, problem: str, remedy: str) -> LogError:
        return LogError(place=self.place, state="keys", problem=problem, remedy=remedy)


def _are_keys(keys: object) -> bool:
    return isinstance(keys, dict) and all(
        isinstance(number, str) and number.isascii() and number.isdigit() and isinstance(text, str)
        for number, text in keys.items()
    )


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


def _derived(key: bytes, tenant: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - as above

    return HKDF(SHA256(), _KEY_BYTES, None, b"genie log|" + tenant.encode(errors="surrogatepass")).derive(key)


def _number(key: bytes) -> int:
    """Return a number that identifies a key and reveals nothing of it."""
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - as above

    return int.from_bytes(HKDF(SHA256(), _ID, None, b"genie log key id").derive(key), "big")


def _wrapped(cipher: Any, number: int, tenant: str, key: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    encrypted: bytes = cipher.encrypt(nonce, key, tenant.encode(errors="surrogatepass"))
    return number.to_bytes(_ID, "big") + nonce + encrypted


def _unwrapped(cipher: Any, tenant: str, wrapped: bytes, place: str) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra

    nonce, encrypted = wrapped[_ID : _ID + _NONCE], wrapped[_ID + _NONCE :]
    try:
        key: bytes = cipher.decrypt(nonce, encrypted, tenant.encode(errors="surrogatepass"))
    except (InvalidTag, ValueError):
        raise LogError(
            place=place, state="keys", problem="its key does not match the one that this log was written with",
            remedy="name the key ring that wrote this log",
        ) from None  # fmt: skip
    return key
