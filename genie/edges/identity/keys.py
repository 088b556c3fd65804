"""Ed25519 keys in files: created and read, never displayed. The library is loaded only when a key is used.

A private key is a PEM file that only its owner can read; a file of public keys may contain several, so that signatures
of an older key can still be checked after a rotation.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MAX_KEY_BYTES = 65_536
"""Largest key file that is read."""
_PUBLIC = re.compile(rb"-----BEGIN PUBLIC KEY-----\s[A-Za-z0-9+/=\s]{1,1000}-----END PUBLIC KEY-----")
_INSTALL = "install genie-bus[governance]"


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A signing key; its text form contains its id and nothing secret."""

    id: str
    """First 16 hexadecimal digits of the SHA-256 of the public key's 32 bytes."""
    key: Ed25519PrivateKey = field(repr=False, compare=False)

    def sign(self, content: bytes) -> str:
        """Return the signature (RFC 8032), 128 hexadecimal digits."""
        return self.key.sign(content).hex()

    def public(self) -> PublicKey:
        """Return the key that verifies its signatures."""
        return PublicKey(self.id, self.key.public_key())


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies signatures."""

    id: str
    key: Ed25519PublicKey = field(repr=False, compare=False)

    def verifies(self, signature: str, content: bytes) -> bool:
        """Return True when the signature, 128 hexadecimal digits in lower case, is this key's over the content."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - loaded by those who check signatures

        try:
            made = bytes.fromhex(signature)
        except ValueError:
            return False
        if made.hex() != signature:
            return False
        try:
            self.key.verify(made, content)
        except InvalidSignature:
            return False
        return True


def generate(path: Path) -> str:
    """Write a new private key to ``path`` and its public key to ``path.pub``; return the key's id.

    Raises:
        InputError: One of the files exists already, or cannot be written.
    """
    ed25519, serialization = _library()
    made = ed25519.Ed25519PrivateKey.generate()
    private = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = made.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    beside = Path(f"{path}.pub")
    if beside.exists():
        raise InputError(str(beside), "exists already", "name another file; a key is never overwritten")
    _write_new(path, private, 0o600)
    try:
        _write_new(beside, public, 0o644)
    except BaseException:  # a private key without its public one is useless: remove it, then re-raise
        path.unlink()
        raise
    return _id(made.public_key())


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise InputError(str(path), "exists already", "name another file; a key is never overwritten") from None
    except OSError as error:
        raise InputError(str(path), f"cannot be written ({error.strerror})", "check the folder") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:  # a partial key is removed, then the error is re-raised
        path.unlink()
        if isinstance(error, OSError):
            raise InputError(str(path), f"cannot be written ({error.strerror})", "check the folder") from None
        raise


def private_key(path: Path) -> PrivateKey:
    """Read a private key.

    Raises:
        InputError: The file is missing, other users can read it, or it is not an unencrypted Ed25519 key in PEM.
    """
    ed25519, serialization = _library()
    content = _content(path, private=True)
    try:
        loaded = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError):  # the library's own message may quote the file
        loaded = None
    if not isinstance(loaded, ed25519.Ed25519PrivateKey):
        raise InputError(
            str(path), "contains no Ed25519 private key in PEM", "create one with `genie audit keygen FILE`"
        )
    return PrivateKey(_id(loaded.public_key()), loaded)


def public_keys(paths: Iterable[Path]) -> Mapping[str, PublicKey]:
    """Read public keys, by id; each file holds one or several.

    Raises:
        InputError: A file is missing, or contains something other than Ed25519 public keys in PEM.
    """
    ed25519, serialization = _library()
    found: dict[str, PublicKey] = {}
    for path in paths:
        blocks = _PUBLIC.findall(_content(path, private=False))
        for block in blocks:
            try:
                loaded = serialization.load_pem_public_key(block)
            except ValueError:
                loaded = None
            if not isinstance(loaded, ed25519.Ed25519PublicKey):
                raise InputError(str(path), "contains a key that is not an Ed25519 public key")
            found[_id(loaded)] = PublicKey(_id(loaded), loaded)
        if not blocks:
            raise InputError(str(path), "contains no public key in PEM", "name the .pub file that keygen wrote")
    return found


def _content(path: Path, *, private: bool) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if private and os.name == "posix" and stat.S_IMODE(mode) & 0o077:
                raise InputError(str(path), "can be read by users other than its owner", f"chmod 600 {path}")
            content = file.read(MAX_KEY_BYTES + 1)
    except FileNotFoundError:
        raise InputError(str(path), "does not exist", "create one with `genie audit keygen FILE`") from None
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", "check the path") from None
    if len(content) > MAX_KEY_BYTES:
        raise InputError(str(path), f"is larger than the {MAX_KEY_BYTES:,} bytes of a key file")
    return content


def _id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


if TYPE_CHECKING:
    from types import ModuleType


def _library() -> tuple[ModuleType, ModuleType]:
    """Return the modules of ``cryptography`` that are used.

    Raises:
        InputError: It is not installed.
    """
    try:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - an extra, loaded where it is used
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - as above
    except ImportError:
        raise InputError("signatures", "need the package cryptography, which is not installed", _INSTALL) from None
    return ed25519, serialization
