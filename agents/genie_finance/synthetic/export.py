"""Exports a population as a folder of statements with the ground truth, either completely or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genie.errors import InputError

if TYPE_CHECKING:
    from genie_finance.synthetic.customer import Customer
    from genie_finance.synthetic.population import Population
    from genie_finance.synthetic.rings import Ring

TRUTH = "truth.json"


def write(population: Population, folder: Path) -> int:
    """Write a statement for each customer and `truth.json`, and return how many statements there are.

    Everything is written to a temporary folder, which is then renamed, so the folder is complete or missing.

    Args:
        population: Customers whose statements to write.
        folder: Does not exist yet, or is empty.

    Raises:
        InputError: The folder is not empty, is not a folder, or cannot be written.
    """
    name = str(folder)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(name, "exists and is not empty", "name a folder that does not exist yet")
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise _unwritable(name, error) from None
    try:
        _fill(population, made)
        made.chmod(0o755)
        made.replace(folder)
    except OSError as error:
        raise _unwritable(name, error) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return len(population.customers)


def _unwritable(name: str, error: OSError) -> InputError:
    return InputError(name, f"cannot be written: {(error.strerror or 'no').lower()}", "name another folder")


def _fill(population: Population, folder: Path) -> None:
    with (folder / TRUTH).open("w", encoding="utf-8", newline="\n") as truth:
        truth.write(f'{{"start": "{population.start}", "end": "{population.end}",\n"customers": [')
        for place, customer in enumerate(population.customers):
            (folder / f"{customer.id}.csv").write_bytes(population.statement_csv(customer))
            truth.write(",\n" if place else "\n")
            truth.write(json.dumps(_customer(population, customer), ensure_ascii=False))
        rings = ",\n".join(json.dumps(_ring(ring), ensure_ascii=False) for ring in population.rings())
        truth.write(f'],\n"rings": [{rings}]}}\n')


def _customer(population: Population, customer: Customer) -> dict[str, Any]:
    """Return the ground truth of a customer; amounts are minor units."""
    return {
        **customer._asdict(),
        "since": customer.since.isoformat(),
        "file": f"{customer.id}.csv",
        "transactions": [
            {"id": one.id, "date": one.date.isoformat(), "minor": one.minor, "category": one.category}
            for one in population.transactions(customer)
        ],
        "truth": [label._asdict() for label in population.truth(customer)],
        "events": [{"kind": event.kind, "month": event.month.isoformat()} for event in population.events(customer)],
    }


def _ring(ring: Ring) -> dict[str, Any]:
    transfers = [
        {
            **one._asdict(), "date": one.date.isoformat(), "sender": one.sender._asdict(),
            "recipient": one.recipient._asdict(),
        }
        for one in ring.transfers
    ]  # fmt: skip
    return {**ring._asdict(), "transfers": transfers}
