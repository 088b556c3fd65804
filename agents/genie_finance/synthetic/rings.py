"""Rings: customers who pass on stolen money in layers, in amounts below the reporting threshold."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, NamedTuple

from genie_finance.synthetic.chance import Chance
from genie_finance.synthetic.draft import Need, Payee
from genie_finance.synthetic.identifiers import account_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from genie_finance.synthetic.country import Country
    from genie_finance.synthetic.customer import Customer
    from genie_finance.synthetic.diary import Diary

BLOCK = 50
"""Customers in one block: numbers 0 to 49, 50 to 99 and so on. The members of a ring are in one block."""
_RINGS = 50
"""Frequency of a ring per hundred blocks."""
_FEWEST, _MOST = 4, 7
_DAYS = 12
"""Maximum days from the first placement to the last payment out."""


class Party(NamedTuple):
    """One side of a transfer."""

    number: int | None
    """Number of the customer; None for a party that is not a customer of the bank."""
    name: str
    account: str


class Transfer(NamedTuple):
    """Money that a ring moves. It is a movement of the sender, the recipient, or both, on the same day."""

    step: str
    """``placement``: stolen money, or cash just under the threshold, reaches a mule. ``layering``: mule to mule.
    ``exit``: out of the bank, or in cash."""
    date: datetime.date
    sender: Party
    recipient: Party
    minor: int
    """Positive, in minor units of the ring's country."""


class Ring(NamedTuple):
    """A mule network of one country.

    Its members are customers of one block. If the population ends within the block, the ring includes customers beyond
    its size, whose histories are not generated.
    """

    id: str
    country: str
    threshold: int
    """In minor units; every cash amount of the ring is below it."""
    collectors: tuple[int, ...]
    """Numbers of the customers who receive the money first."""
    layers: tuple[int, ...]
    """Numbers of the customers to whom the collectors pass it on."""
    transfers: tuple[Transfer, ...]

    @property
    def members(self) -> tuple[int, ...]:
        """Numbers of all of them."""
        return self.collectors + self.layers


def ring_of(seed: int, block: int, members: Sequence[Customer], country: Country, end: datetime.date) -> Ring | None:
    """Return the ring of a block, or None if there is none.

    Args:
        seed: The population's.
        block: Number of the block.
        members: Customers of the block and of one country who may belong to it.
        country: Theirs.
        end: First day after all histories.
    """
    chance = Chance(f"{seed}/ring/{block}")
    if not chance.happens(_RINGS) or len(members) < _FEWEST:
        return None
    chosen = chance.some(members, chance.between(_FEWEST, _MOST))
    since = max(member.since for member in chosen).toordinal()
    last = end.toordinal() - _DAYS - 1
    if since + 5 > last:
        return None
    first = chance.between(since + 5, last)
    half = len(chosen) // 2
    collectors, layers = chosen[:half], chosen[half:]
    transfers = tuple(sorted(_flow(chance, country, collectors, layers, first), key=lambda one: one.date))
    return Ring(
        f"ring-{block}", country.code, country.threshold, tuple(one.number for one in collectors),
        tuple(one.number for one in layers), transfers,
    )  # fmt: skip


def _flow(
    chance: Chance, country: Country, collectors: Sequence[Customer], layers: Sequence[Customer], first: int
) -> Iterator[Transfer]:
    on = datetime.date.fromordinal
    held = dict.fromkeys((one.number for one in layers), 0)
    for mule in collectors:
        here = _inside(mule)
        for place in range(chance.between(2, 4)):
            day = first + place + chance.between(0, 1)
            minor = country.threshold * chance.between(88, 99) // 100 // 100 * 100 - 100
            cash = chance.happens(45)
            source = _cash() if cash else _outside(chance, country)
            yield Transfer("placement", on(day), source, here, minor)
            keeps = minor * chance.between(4, 9) // 100
            passed = (minor - keeps) // 100 * 100
            parts = [passed] if chance.happens(50) else [passed // 2, passed - passed // 2]
            for part in parts:
                layer = chance.pick(layers)
                held[layer.number] += part
                yield Transfer("layering", on(day + chance.between(0, 2)), here, _inside(layer), part)
    for layer in layers:
        left = held[layer.number] * 95 // 100 // 100 * 100
        while left > 0:
            part = min(left, country.threshold * chance.between(80, 97) // 100 // 100 * 100)
            target = _cash() if chance.happens(35) else _outside(chance, country)
            yield Transfer("exit", on(first + 8 + chance.between(0, 3)), _inside(layer), target, part)
            left -= part


def _inside(customer: Customer) -> Party:
    return Party(customer.number, customer.name, customer.account)


def _outside(chance: Chance, country: Country) -> Party:
    name = f"{chance.pick(country.given)} {chance.pick(country.families)}"
    return Party(None, name, account_of(country, name))


def _cash() -> Party:
    return Party(None, "", "")


def book_ring(diary: Diary, ring: Ring) -> None:
    """Record a member's movements of the ring's money."""
    words = diary.country.words
    mark = f"mule/{ring.id}"
    for one in ring.transfers:
        incoming = one.recipient.number == diary.customer.number
        if not incoming and one.sender.number != diary.customer.number:
            continue
        other = one.sender if incoming else one.recipient
        if other.name:
            payee, note = Payee(other.name, "people.payments", "instant"), words["friend"]
        elif incoming:
            payee, note = Payee(words["paid_in"], "income.deposit", "deposit"), words["paid_in"]
        else:
            payee, note = Payee(words["cash"], "cash.withdrawal", "cash"), words["cash"]
        diary.add(one.date.toordinal(), one.minor if incoming else -one.minor, payee, note, Need.RING, mark)
