"""Names and addresses: what is found by word lists and context, what is not, and the recall on generated texts."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from genie.contracts.message import Payload
from genie.policies.pii import Pii, PiiSettings
from genie.policy.inspection import Inspectors

CORPORA = Path(__file__).parents[2] / "corpora"
BOTH = Pii(PiiSettings.model_validate({"also": {"name": "confidential", "address": "restricted"}}))
INSPECTORS = Inspectors(BOTH.inspectors)


class Text(Payload, topic="names.text"):
    text: str


def found(text: str) -> list[tuple[str, str]]:
    findings = INSPECTORS.inspect(Text(text=text)).findings
    return [(finding.kind.removeprefix("pii."), text[finding.start : finding.end]) for finding in findings]


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("Dear Ravi Kumar, your card is ready", "name", "Ravi Kumar"),
        ("Mr. John A. Smith paid", "name", "John A. Smith"),
        ("beneficiary: Zoltan Kovacs", "name", "Zoltan Kovacs"),
        ("Account name: Jane O'Brien", "name", "Jane O'Brien"),
        ("as Amit Verma wrote", "name", "Amit Verma"),
        ("Frau Annegret Kramp wohnt hier", "name", "Annegret Kramp"),
        ("at 221B Baker Street, London NW1 6XE now", "address", "221B Baker Street, London NW1 6XE"),
        ("12 MG Road, Bengaluru 560001", "address", "12 MG Road, Bengaluru 560001"),
        ("Hauptstra\u00dfe 12, 10115 Berlin", "address", "Hauptstra\u00dfe 12, 10115 Berlin"),
        ("au 12 rue de la Paix, 75002 Paris", "address", "12 rue de la Paix, 75002 Paris"),
        ("send to P.O. Box 1234 please", "address", "P.O. Box 1234"),
    ],
)
def test_it_is_found(text: str, kind: str, part: str) -> None:
    assert found(text) == [(kind, part)]


@pytest.mark.parametrize(
    "text",
    ["New York Times", "Grace Hospital", "STATEMENT OF MAY", "paid to Harbour Homes", "5 items at the market",
     "Mark Street Station", "customer service is open", "Order 12 of May"],
)  # fmt: skip
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert found(text) == []


def test_nobody_looks_for_them_unless_asked() -> None:
    assert (
        Inspectors(Pii().inspectors).inspect(Text(text="Dear Ravi Kumar, 12 MG Road, Bengaluru 560001")).findings == ()
    )


SURNAMES = ("Sharma", "Iyer", "Okafor", "Kowalski", "Nguyen", "Smith", "Dyk", "Schneider", "Dupont", "Haddad")
LISTED = ("Priya", "Rahul", "Emma", "James", "Helga", "Pierre", "Sunita", "Laura", "Werner", "Camille")
UNLISTED = ("Zoltan", "Chinedu", "Thuy", "Bronislawa", "Yerlan", "Ngozi", "Ilke", "Takumi", "Oyelaran", "Sigrun")
INTRODUCED = ("Dear {},", "beneficiary: {}", "Customer name: {}", "Dr. {} called", "signed by {}", '"holder": "{}"')
BARE = ("as {} wrote", "{} paid the rent", "a letter of {} came")
STREETS = ("{} Park Road, Leeds", "{} Elm Street", "Flat 2, {} Nehru Marg, Pune 411001",
           "Gartenweg {}, 50667 K\u00f6ln", "{} rue Victor Hugo, 69002 Lyon",
           "{} Rosewood Avenue, Austin TX 78701", "Lindenstra\u00dfe {}")  # fmt: skip


def test_recall_is_what_the_page_says() -> None:
    chance = random.Random(4)

    def recall(kind: str, texts: list[str]) -> float:
        return sum(any(one == kind for one, _ in found(text)) for text in texts) / len(texts)

    def names(given: tuple[str, ...], frames: tuple[str, ...]) -> list[str]:
        return [chance.choice(frames).format(f"{chance.choice(given)} {chance.choice(SURNAMES)}") for _ in range(300)]

    figures = {
        "introduced": recall("name", names(LISTED + UNLISTED, INTRODUCED)),
        "listed": recall("name", names(LISTED, BARE)),
        "unlisted": recall("name", names(UNLISTED, BARE)),
        "address": recall("address", [chance.choice(STREETS).format(chance.randrange(1, 999)) for _ in range(300)]),
    }
    print(figures)  # noqa: T201 - the figures are what people read
    assert figures["introduced"] >= 0.95
    assert figures["listed"] >= 0.95
    assert figures["unlisted"] <= 0.1  # stated: without a list or a word before it, a name is not found
    assert figures["address"] >= 0.95


def test_benign_texts_are_mostly_left_alone() -> None:
    texts = [json.loads(line) for line in (CORPORA / "injection.jsonl").read_text(encoding="utf-8").splitlines()]
    benign = [row["text"] for row in texts if row["label"] == "benign"]
    alarms = [
        (text, parts) for text in benign if (parts := [one for one in found(text) if one[0] in {"name", "address"}])
    ]

    print(len(alarms), len(benign), alarms[:20])  # noqa: T201 - as above
    assert len(alarms) <= 0.05 * len(benign)
