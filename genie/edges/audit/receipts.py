"""Receipts: the records of one decision in a signed JSON document that proves itself without the trail.

A receipt contains the records as in the trail, each with the chain values before and after it, the signed head that
covers them, and a signature over everything by the trail's key. The issuer verifies the trail first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from genie.edges.audit.records import canonical, chained, parted, record_of, signed_bytes
from genie.edges.audit.verify import files_of, lines_of, verify
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from genie.edges.audit.verify import Mapped
    from genie.edges.identity.keys import PrivateKey, PublicKey

FORMAT = 1
MOST_RECORDS = 1_000
"""Records of one receipt."""
_FIELDS = frozenset({"format", "head", "id", "issued_at", "key", "records", "signature", "trail"})


class _Kept(NamedTuple):
    before: str
    chain: str
    record: dict[str, Any]


def receipt_of(
    paths: Sequence[Path], wanted: str, key: PrivateKey, keys: Mapping[str, PublicKey], *, now: float,
    mapped: Mapped = map,
) -> dict[str, Any]:  # fmt: skip
    """Return a receipt for the records of one message, hold or record number.

    Args:
        paths: The trail, as ``verify`` takes it.
        wanted: Id of a message or of a hold, or the number of a record.
        key: Signs the receipt.
        keys: Those that signed the trail's heads, by id.
        now: Seconds since the epoch.
        mapped: As ``verify`` takes it.

    Raises:
        InputError: The trail is not intact, has no such record, or no signed head covers it yet.
    """
    found = verify(paths, keys=keys, unfinished=True, mapped=mapped)
    if not found.intact:
        raise InputError(str(paths[0]), f"is not intact: {found.breaks[0]}", "see `genie audit verify`")
    kept, head = _collected(paths, wanted)
    if not kept:
        raise InputError(f"record {wanted!r}", "is not in this trail", "name a message, a hold or a record's number")
    if head is None:
        raise InputError(f"record {wanted!r}", "is not covered by a signed head yet", "try again in a few seconds")
    receipt: dict[str, Any] = {
        "format": FORMAT, "trail": found.trail, "id": wanted, "issued_at": int(now * 1e6), "key": key.id,
        "records": [one._asdict() for one in kept], "head": head,
    }  # fmt: skip
    return {**receipt, "signature": key.sign(signed_bytes(receipt, purpose="receipt"))}


def _collected(paths: Sequence[Path], wanted: str) -> tuple[list[_Kept], dict[str, Any] | None]:
    """Return the requested records, and the first head after the last of them."""
    kept: list[_Kept] = []
    head: dict[str, Any] | None = None
    for before, chain, record in _records(paths):
        if record["kind"] == "head" and record["by"] == "audit":
            head = record["detail"] if kept and head is None else head
        elif wanted in {record["message"], record["subject"], str(record["seq"])}:
            if len(kept) == MOST_RECORDS:
                raise InputError(f"record {wanted!r}", f"names more than {MOST_RECORDS} records", "name one of them")
            kept.append(_Kept(before, chain, record))
            head = None
    return kept, head


def _records(paths: Sequence[Path]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    before = ""
    for path in files_of(paths):
        for raw in lines_of(path):
            line = parted(raw)
            record = None if line is None else record_of(line.body)
            if line is None or record is None:
                continue
            if record["kind"] == "opened" and "previous" in record["detail"]:
                before = before or str(record["detail"]["previous"])
            chain = line.chain.decode("ascii", "replace")
            yield before, chain, record
            before = chain


def problems_of(receipt: object, keys: Mapping[str, PublicKey]) -> tuple[str, ...]:
    """Return the problem of a receipt; empty if it is valid. Needs the public key, but no trail.

    Args:
        receipt: The document, as JSON values.
        keys: Public keys by id.
    """
    if not isinstance(receipt, dict) or set(receipt) != _FIELDS or receipt["format"] != FORMAT:
        return ("is not a receipt of this format",)
    signed = dict(receipt)
    signature, key = signed.pop("signature"), keys.get(str(receipt["key"]))
    if key is None:
        return (f"is signed by a key that was not given ({str(receipt['key'])[:16]})",)
    try:
        good = key.verifies(str(signature), signed_bytes(signed, purpose="receipt"))
    except (TypeError, ValueError, RecursionError):
        good = False
    if not good:
        return ("the signature does not match the key: the receipt was changed, or never issued",)
    return tuple(_contents(receipt, keys))


def _contents(receipt: Mapping[str, Any], keys: Mapping[str, PublicKey]) -> Iterator[str]:
    head, last = receipt["head"], 0
    for one in receipt["records"]:
        record = one["record"]
        if chained(one["before"].encode(), canonical(record)).decode() != one["chain"]:
            yield f"record {record.get('seq')} does not match its hash"
        last = max(last, int(record["seq"]))
    detail = dict(head)
    signature, key = detail.pop("signature", None), keys.get(str(head.get("key")))
    if key is None or not key.verifies(str(signature), signed_bytes(detail)):
        yield "the head is not signed by a key that was given"
    if head.get("trail") != receipt["trail"] or int(head.get("seq", 0)) < last:
        yield "the head does not cover the records"
