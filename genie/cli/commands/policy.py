"""`genie policy`: why a message gets its verdict, whether rules do what their examples say, what a change would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded
from genie.cli.help import USUAL, manual
from genie.cli.options.identity import identified, identity_options
from genie.errors import InputError
from genie.runtime.report import FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.cli.terminal.layout import Line
    from genie.contracts.card import Caller
    from genie.policy_tools.sample import Specimen
    from genie.policy_tools.sources import Sourced

PARTIAL = 3

pipeline_option = click.option(
    "--pipeline", metavar="FILE", help="The pipeline that a policy file is for; all installed agents without."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
FINANCE = "config/policies/finance.yaml"
STANDARD = "config/policies/standard.yaml"


@click.group(epilog=manual(("Do the rules what their examples say", f"genie policy test {FINANCE}")))
def command() -> None:
    """Explain, test and compare policies. Nothing is delivered, and no budget is touched."""


@command.command(
    epilog=manual(
        ("A message in a file", f"genie policy explain {FINANCE} config/messages/first-payment.yaml"),
        ("One of a run's journal", f"genie policy explain {FINANCE} 92b761f0-4 --journal run.jsonl"),
    )
)
@click.argument("source", type=click.Path())
@click.argument("message")
@click.option("--journal", metavar="FILE", help="MESSAGE is the id of a message in this file of genie run --journal.")
@pipeline_option
@identity_options
@json_option
@guarded
def explain(source: str, message: str, journal: str | None, pipeline: str | None, **given: Any) -> None:
    """Say why MESSAGE gets its verdict from the policies of SOURCE, a pipeline or a policy file.

    MESSAGE is a YAML or JSON file with topic, payload, and if wanted sender, recipient, headers and label; - reads
    standard input. Every policy is asked, with what it looked at and its reason, for each recipient.
    """
    from genie.policy_tools.explain import explain as explained  # noqa: PLC0415 - only for those who ask
    from genie.policy_tools.explain import rendered  # noqa: PLC0415 - as above
    from genie.policy_tools.sources import sourced  # noqa: PLC0415 - as above

    known = sourced(source, pipeline)
    specimen = _specimen(known, message, journal, identified(known.caller, given))
    found = list(explained(known.policies, specimen))
    if given["as_json"]:
        _json([one.as_json() for one in found])
    else:
        _show(part for one in found for part in rendered(one))


@command.command(
    epilog=manual(
        ("All rules of a file", f"genie policy test {FINANCE}"),
        exits={**USUAL, FAILED: "an example does not get what it says"},
    )
)
@click.argument("source", type=click.Path())
@pipeline_option
@json_option
@guarded
def test(source: str, pipeline: str | None, *, as_json: bool) -> None:
    """Run the examples of the rules of SOURCE, a policy file, or a pipeline that names some."""
    from genie.policy_tools.examples import rendered, tried  # noqa: PLC0415 - as above
    from genie.policy_tools.sources import sourced  # noqa: PLC0415 - only for those who ask

    found = tried(sourced(source, pipeline))
    if as_json:
        _json(found.as_json())
    else:
        _show(rendered(found))
    raise SystemExit(0 if found.passed else FAILED)


@command.command(
    epilog=manual(
        (
            "What a change would have done",
            f"genie policy diff {STANDARD} {FINANCE} --journal run.jsonl",
        ),
        exits={**USUAL, PARTIAL: "some deliveries cannot be decided, or are left out"},
    )
)
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@click.option("--journal", required=True, metavar="FILE", help="What genie run --journal wrote.")
@pipeline_option
@identity_options
@json_option
@guarded
def diff(old: str, new: str, journal: str, pipeline: str | None, **given: Any) -> None:
    """Say which deliveries of a journal the policies of NEW would judge otherwise than those of OLD.

    OLD and NEW are policy files or pipelines. Payloads in a journal are masked for whoever it was written for: a rule
    that needs what is masked is counted as undecidable.
    """
    from genie.journal.reader import Replay  # noqa: PLC0415 - as above
    from genie.policy_tools.diff import compared, rendered  # noqa: PLC0415 - only for those who ask
    from genie.policy_tools.sources import sourced  # noqa: PLC0415 - as above

    before, after = sourced(old, pipeline), sourced(new, pipeline)
    replay = Replay(journal, after.scene, identified(after.caller, given))
    found = compared(before.policies, after.policies, replay.specimens(), replay.skipped)
    if given["as_json"]:
        _json(found.as_json())
    else:
        _show(rendered(found, old, new))
    raise SystemExit(PARTIAL if found.undecidable or found.skipped else 0)


def _specimen(known: Sourced, message: str, journal: str | None, caller: Caller) -> Specimen:
    if journal is None:
        from genie.policy_tools.sample import read_specimen  # noqa: PLC0415 - only for a message in a file

        return read_specimen(message, known.scene, known.policies)
    from genie.journal.reader import Replay  # noqa: PLC0415 - only for a message of a journal

    replay = Replay(journal, known.scene, caller)
    found = next((one for _, one in replay.specimens(only=message)), None)
    if found is None:
        why = "; ".join(replay.skipped) or "holds no such message"
        raise InputError(f"{journal}: message {message}", why, "give the message_id of a line of kind accepted")
    if not found.recipients:
        raise InputError(f"{journal}: message {message}", "was delivered to nobody who is known here")
    return found


def _json(value: object) -> None:
    from genie.cli.terminal.json_text import to_text  # noqa: PLC0415 - only for those who want JSON

    click.echo(to_text(value))


def _show(parts: Iterator[Line]) -> None:
    from genie.cli.terminal.screen import show  # noqa: PLC0415 - only for people

    show(parts)
