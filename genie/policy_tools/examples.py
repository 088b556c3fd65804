"""Run the examples of rules: the verdict of each rule on the messages that its author gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genie.config.validation import validated
from genie.errors import ConfigError
from genie.policy.policy import Route
from genie.policy.verdicts import SHADOW
from genie.policy_tools.explain import rule_said
from genie.policy_tools.sample import sample_at
from genie.rules.ast import Roots
from genie.rules.policy import Rules
from genie.rules.schema import RulesSettings

if TYPE_CHECKING:
    from genie.config.source_map import SourceMap
    from genie.journal.sample import Sample
    from genie.policy_tools.explain import Said
    from genie.policy_tools.sources import Sourced
    from genie.rules.schema import ExampleSection, RuleSection


@dataclass(frozen=True, slots=True)
class Example:
    """One example and its result."""

    rule: str
    where: str
    """``file:line``."""
    expected: str
    found: tuple[Said, ...]
    """One for each recipient."""

    @property
    def passed(self) -> bool:
        """True when the rule gives the expected verdict for every recipient."""
        return all(one.verdict.removeprefix(SHADOW) == self.expected for one in self.found)


@dataclass(frozen=True, slots=True)
class Trials:
    """All examples of a file."""

    examples: tuple[Example, ...]
    untested: tuple[str, ...]
    """Rules without an example."""

    @property
    def passed(self) -> bool:
        """True when every example gets its expected verdict."""
        return all(example.passed for example in self.examples)

    def as_json(self) -> dict[str, Any]:
        """Return the trials as JSON values."""
        return {
            "passed": sum(example.passed for example in self.examples),
            "failed": sum(not example.passed for example in self.examples),
            "examples": [
                {
                    "rule": one.rule,
                    "where": one.where,
                    "expected": one.expected,
                    "found": [said.verdict for said in one.found],
                    "passed": one.passed,
                    "reasons": [said.text for said in one.found],
                }
                for one in self.examples
            ],
            "without_examples": list(self.untested),
        }


def tried(known: Sourced) -> Trials:
    """Run the examples of every rule of some policy files.

    Raises:
        ConfigError: An example is not a valid message; one line a problem.
    """
    examples: list[Example] = []
    untested: list[str] = []
    problems: list[str] = []
    for document, section in known.reading.sections:
        if not section.rules:
            continue
        settings: RulesSettings = validated(RulesSettings, _rules_of(document)).value
        for place, rule in enumerate(settings.rules):
            if not rule.examples:
                untested.append(rule.name)
            for number, example in enumerate(rule.examples):
                path = ("rules", place, "examples", number)
                sample, wrong = sample_at(document, (*path, "given"), known.context, known.policies)
                problems += [f"{document.where(one.path)}: {document.hide(one.text)}" for one in wrong]
                if sample is not None:
                    examples.append(_tried(rule, example, sample, document.where(path), known))
    if problems:
        raise ConfigError(tuple(problems))
    return Trials(tuple(examples), tuple(untested))


def _rules_of(document: SourceMap) -> SourceMap:
    from dataclasses import replace  # noqa: PLC0415 - beside its only use

    value: Any = document.value
    return replace(document, value={"rules": value["rules"]})


def _tried(rule: RuleSection, example: ExampleSection, sample: Sample, where: str, known: Sourced) -> Example:
    alone = Rules(RulesSettings(rules=(rule,)))
    message = sample.inspected(known.policies)
    found: list[Said] = []
    for recipient in sample.recipients:
        route = Route(type(message.payload), recipient, known.policies.environment)
        (trial,) = alone.examine(route, message, sample.sender)
        found.append(rule_said(alone.name, trial, Roots(route, sample.sender, message), hide=known.policies.hide))
    return Example(rule.name, where, example.then, tuple(found))
