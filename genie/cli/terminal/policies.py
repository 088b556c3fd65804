"""The results of `genie policy` for people: explanations, examples of rules, and the difference of two policy sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.cli.terminal.drawing import counted
from genie.cli.terminal.layout import Line, Text
from genie.contracts.message import topic_of
from genie.policy.verdicts import SHADOW
from genie.policy_tools.explain import NOT_APPLICABLE, RESULTS, findings_text, headers_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.policy_tools.diff import Difference
    from genie.policy_tools.examples import Trials
    from genie.policy_tools.explain import Explanation, Said

_COLOURS = {"allow": "green", "redact": "yellow", "hold": "magenta", "consult": "blue", "deny": "red", "hidden": "cyan"}
_MOST_SAMPLES = 2
_MOST_INPUTS = 2


def render_explanation(one: Explanation) -> Iterator[Line]:
    """Yield an explanation; the last line names the policies that do not apply."""
    message = one.message
    way = f"{topic_of(message.payload).name}, {one.sender.id} -> {one.recipient.id}: "
    yield Line((Text(way, "bold"), Text(_word(one.verdict), f"bold {_colour(one.verdict)}".strip())))
    yield _dim(f"label {message.label.label}; {headers_text(message)}", 2)
    yield _dim(f"found: {findings_text(message)}", 2)
    for said in one.said:
        if said.text != NOT_APPLICABLE and said.verdict:
            yield from _said(said)
    other = [said.policy for said in one.said if said.text == NOT_APPLICABLE]
    if other:
        yield _dim(f"{NOT_APPLICABLE}: {', '.join(other)}", 2)
    yield Line.of("")


def _said(said: Said) -> Iterator[Line]:
    name = f"{said.policy}@{said.version}"
    yield Line((Text("  "), Text(f"{_word(said.verdict):<16}", _colour(said.verdict)), Text(name)))
    if said.text:
        yield Line.of(" " * 18 + said.text)
    told = said.inputs
    if said.verdict == "allow":  # of a rule that does not apply, the tests that kept it from applying
        told = tuple(one for one in told if one[2].endswith((RESULTS[False], RESULTS[None])))[:_MOST_INPUTS]
    for subject, value, came in told:
        yield _dim(f"{subject} = {value}{f': {came}' if came else ''}", 18)


def render_examples(found: Trials) -> Iterator[Line]:
    """Yield a line for each example, and the inputs of each example that failed."""
    for one in found.examples:
        if one.passed:
            yield Line((Text("pass ", "green"), Text(f"{one.rule}: {one.expected}"), Text(f"  {one.where}", "dim")))
            continue
        said = next(said for said in one.found if said.verdict.removeprefix(SHADOW) != one.expected)
        told = Text(f"{one.rule}: {said.verdict}, not {one.expected}")
        yield Line((Text("FAIL ", "bold red"), told, Text(f"  {one.where}", "dim")))
        yield Line.of(f"       {said.text}")
        for name, value, came in said.inputs:
            yield _dim(f"{name} = {value}: {came}", 7)
    for name in found.untested:
        yield Line.of(f"rule {name} has no example", "yellow")
    passed = sum(one.passed for one in found.examples)
    yield Line.of(f"{passed} of {counted(len(found.examples), 'example')} passed", "bold")


def render_difference(found: Difference, before: str, after: str) -> Iterator[Line]:
    """Yield the difference of two policy sets, the most frequent change first."""
    looked_at = f"{counted(found.deliveries, 'delivery', 'deliveries')} of {counted(found.messages, 'message')}"
    yield Line.of(f"{looked_at}, {before} beside {after}")
    yield Line.of(
        f"{found.changed:,} would get another verdict, {found.undecidable:,} cannot be decided from this journal",
        "bold" if found.changed or found.undecidable else "",
    )
    width = max((len(f"{count:,}") for count in found.changes.values()), default=0)
    for change, count in found.ordered():
        told = f"{change.policy}: {_word(change.before)} -> {_word(change.after)}"
        yield Line((Text(f"  {count:>{width},}  "), Text(told, "bold")))
        for sample in found.samples[change][:_MOST_SAMPLES]:
            yield _dim(sample, width + 4)
        if count > _MOST_SAMPLES:
            yield _dim(f"and {count - _MOST_SAMPLES:,} more", width + 4)
    for why, count in sorted(found.skipped.items()):
        yield _dim(f"{count:,} left out: {why}", 0)


def _dim(text: str, columns: int) -> Line:
    return Line.of(" " * columns + text, "dim")


def _word(verdict: str) -> str:
    if verdict == "hidden":
        return "undecidable"
    return f"{verdict.removeprefix(SHADOW)} (shadow)" if verdict.startswith(SHADOW) else verdict


def _colour(verdict: str) -> str:
    return "dim" if verdict.startswith(SHADOW) else _COLOURS.get(verdict, "")
