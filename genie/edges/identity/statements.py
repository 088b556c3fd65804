"""Signed statements: an in-toto statement about a file, in a DSSE envelope with an Ed25519 signature.

Verification needs a public key from outside: the envelope carries only the id of its key. Nothing of a statement is
parsed before its signature is verified. Formats: in-toto Statement v1, DSSE v1.0.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.contracts.json_text import unique_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.edges.identity.keys import PrivateKey, PublicKey

STATEMENT = "https://in-toto.io/Statement/v1"
PAYLOAD = "application/vnd.in-toto+json"
_MOST_SIGNATURES = 16


class Refusal(NamedTuple):
    """Why a statement is not accepted."""

    code: str
    """``malformed``, ``unknown_key``, ``bad_signature`` or ``other_statement``."""
    text: str


def envelope_of(
    name: str, sha256: str, predicate_type: str, predicate: Mapping[str, Any], key: PrivateKey
) -> dict[str, Any]:
    """Return a signed statement about a file.

    Args:
        name: Name of the file.
        sha256: Its digest.
        predicate_type: URI of the kind of statement.
        predicate: What is stated.
        key: Signs the statement.
    """
    statement = {
        "_type": STATEMENT, "subject": [{"name": name, "digest": {"sha256": sha256}}],
        "predicateType": predicate_type, "predicate": predicate,
    }  # fmt: skip
    payload = json.dumps(statement, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    signature = base64.b64encode(bytes.fromhex(key.sign(_signed(payload)))).decode()
    return {
        "payloadType": PAYLOAD, "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key.id, "sig": signature}],
    }  # fmt: skip


def opened(content: bytes, keys: Mapping[str, PublicKey], predicate_type: str) -> Any:
    """Return the statement of an envelope, or a ``Refusal``.

    Args:
        content: The envelope.
        keys: Accepted public keys, by id.
        predicate_type: The expected kind of statement.
    """
    try:
        envelope = json.loads(content, object_pairs_hook=unique_keys)
        if envelope["payloadType"] != PAYLOAD:
            return Refusal("malformed", "the signature is not of an in-toto statement")
        payload = base64.b64decode(envelope["payload"], validate=True)
        made = [(str(one["keyid"]), base64.b64decode(one["sig"], validate=True)) for one in envelope["signatures"]]
    except (KeyError, TypeError, ValueError, RecursionError):
        return Refusal("malformed", "the signature is not a DSSE envelope")
    known = [(keys[name], signature) for name, signature in made[:_MOST_SIGNATURES] if name in keys]
    if not known:
        return Refusal("unknown_key", "is signed by a key that was not given")
    if not any(key.verifies(signature.hex(), _signed(payload)) for key, signature in known):
        return Refusal(
            "bad_signature", "the signature does not match the key: the statement was changed, or never made"
        )
    statement = json.loads(payload, object_pairs_hook=unique_keys)
    if (
        statement.get("_type") != STATEMENT
        or statement.get("predicateType") != predicate_type
        or not isinstance(statement.get("predicate"), dict)
    ):
        return Refusal("other_statement", "the key has signed a statement of another kind")
    return statement


def _signed(payload: bytes) -> bytes:
    """Return what a signature of an envelope covers: the pre-authentication encoding of DSSE."""
    return b"DSSEv1 %d %b %d %b" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)
