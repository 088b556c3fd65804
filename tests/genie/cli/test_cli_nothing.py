"""Checks that looked at nothing end with 5: nothing was wrong, and nothing was right either."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from genie.cli.terminal.approvals import described
from genie.cli.terminal.drawing import counted

Genie = Callable[..., Result]
RULES = """
version: 1
id: quiet
rules:
  - id: large
    when: amount > 5
"""


@pytest.mark.parametrize("content", [b"\x7fELF\x02\x00\x01", b"\x89PNG\r\n\x1a\n\x00\x00", b"a\n\0b\n", b""])
def test_inspect_of_what_has_no_text(genie: Genie, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    result = genie("inspect", str(path))
    assert (result.exit_code, result.stdout) == (5, "")
    assert "nothing was inspected" in result.stderr


def test_policy_test_without_examples(genie: Genie, tmp_path: Path) -> None:
    path = tmp_path / "policies.yaml"
    path.write_text("version: 1\nid: quiet\npolicies: [clearance]\n")
    result = genie("policy", "test", str(path))
    assert result.exit_code == 5, result.stderr
    assert "nothing was tested" in result.stderr


def test_policy_diff_with_an_empty_journal(genie: Genie, tmp_path: Path) -> None:
    path, journal = tmp_path / "policies.yaml", tmp_path / "journal.jsonl"
    path.write_text("version: 1\nid: quiet\npolicies: [clearance]\n")
    journal.write_text("")
    result = genie("policy", "diff", str(path), str(path), "--journal", str(journal))
    assert result.exit_code == 5, result.stderr
    assert "nothing was compared" in result.stderr


@pytest.mark.parametrize("extra", [(), ("--json",)])
def test_the_list_of_a_journal_without_a_run(genie: Genie, tmp_path: Path, extra: tuple[str, ...]) -> None:
    """Was: 0 and no word, where `runs show` of the same file ended with 5."""
    journal = tmp_path / "journal.jsonl"
    journal.write_text("")
    result = genie("runs", "list", str(journal), *extra)
    assert (result.exit_code, result.stdout) == (5, "[]\n" if extra else "")
    assert "no run" in result.stderr


@pytest.mark.parametrize(("count", "text"), [(0, "0 tries"), (1, "1 try"), (2, "2 tries"), (12_345, "12,345 tries")])
def test_counts_are_grammatical(count: int, text: str) -> None:
    assert counted(count, "try", "tries") == text


REQUEST = {
    "id": "hold-1", "state": "pending", "recipient": "payer", "topic": "pay.order", "label": "internal",
    "sender": "desk", "requester": "ann", "run_id": "r-1", "reason": "too much", "lacking": [], "votes": [],
    "edits": [], "expires": 0.0, "payload_sha256": "00", "masked": [], "withheld": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("money", "text"),
    [
        ({"minor": 300_000_000, "currency": "INR"}, "3,000,000.00 INR"),
        ({"minor": -5, "currency": "EUR"}, "-0.05 EUR"),
        ({"minor": 1200, "currency": "JPY"}, "1,200 JPY"),
        ({"minor": 1234567, "currency": "KWD"}, "1,234.567 KWD"),
        ({"amount": "12.50", "currency": "EUR"}, "12.50 EUR"),
    ],
)
def test_an_approver_reads_an_amount_and_never_its_minor_unit(money: dict[str, object], text: str) -> None:
    request = {**REQUEST, "payload": {"applicant": {"name": "Ann"}, "sum": money, "note": "", "open": []}}
    lines = list(described(request))
    assert f"sum: {text}" in lines
    assert not any("minor" in line or "note" in line or "open" in line for line in lines)


def test_a_large_payload_is_still_one_page() -> None:
    deep: object = 1
    for _ in range(50):
        deep = {"in": deep, "list": [{"a": 1, "b": {"c": 2}}] * 100}
    lines = list(described({**REQUEST, "payload": {f"field{number}": deep for number in range(100)}}, width=100))
    assert len(lines) < 100
    assert any("--json has everything" in line for line in lines)
    assert max(map(len, lines)) < 250


@pytest.mark.parametrize("words", [("dlq", "list"), ("dlq", "show", "1"), ("effects", "list")])
def test_a_log_that_is_not_there_is_not_made(genie: Genie, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Was: an empty log was made, and "no dead letter" said of it."""
    path = tmp_path / "nowhere.log"
    result = genie(*words, "--log", str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert not path.exists()


@pytest.mark.parametrize("content", [None, b"", b"{", b"\x00\xff"])
def test_what_is_no_file_of_keys_is_refused_without_names_of_classes(
    genie: Genie, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "keys.json"
    if content is not None:
        path.write_bytes(content)
    result = genie("keys", "list", str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error" not in result.stderr


@pytest.mark.parametrize("place", ["", ".", "/"])
@pytest.mark.parametrize("words", [("journal", "info"), ("dlq", "list", "--log"), ("effects", "list", "--log")])
def test_a_log_at_the_path_of_no_file_is_refused(genie: Genie, words: tuple[str, ...], place: str) -> None:
    result = genie(*words, place)
    assert result.exit_code == 2
    assert "is not the name of a file" in result.stderr


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(
    "words", [("keys", "create", "keys.json", "--user", "ann", "--days"), ("ask", "shop.question", "--within")]
)
def test_a_number_that_is_not_finite_is_refused(genie: Genie, words: tuple[str, ...], number: str) -> None:
    result = genie(*words, number)
    assert result.exit_code == 2
    assert words[-1] in result.stderr
    assert "should be a number" in result.stderr
