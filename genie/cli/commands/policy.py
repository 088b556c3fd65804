"""`genie policy`: explain a verdict, run the examples of rules, and compare two policy sets."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded, stop
from genie.cli.files import read_payload
from genie.cli.help import USUAL, Subcommands, manual
from genie.cli.options.identity import identified, identity_options
from genie.cli.options.past import is_log, opened, sealer_of
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.progress import progress
from genie.errors import InputError
from genie.runtime.report import FAILED, NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.cli.terminal.layout import Line
    from genie.contracts.card import Caller
    from genie.journal.log_samples import LogSamples
    from genie.journal.reader import Replay
    from genie.journal.sample import Sample
    from genie.policy_tools.sources import Sourced

PARTIAL = 3

pipeline_option = click.option(
    "--pipeline", metavar="FILE", help="Pipeline of a policy file; without it, all installed agents are known."
)
keys_option = click.option("--keys", metavar="RING", help="Key ring of an encrypted log: a file, or env:NAME.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
FINANCE = "config/policies/finance.yaml"
STANDARD = "config/policies/standard.yaml"


@click.group(cls=Subcommands, epilog=manual(("Run the examples of the rules", f"genie policy test {FINANCE}")))
def command() -> None:
    """Explain, test and compare policies. No message is delivered, and no budget is used."""


@command.command(
    epilog=manual(
        ("Explain a message in a file", f"genie policy explain {FINANCE} config/messages/first-payment.yaml"),
        ("Explain a message of a journal", f"genie policy explain {FINANCE} 92b761f0-4 --journal run.jsonl"),
    )
)
@click.argument("source", type=click.Path())
@click.argument("message")
@click.option("--journal", metavar="FILE", help="MESSAGE is a message id in this journal file, or durable log.")
@keys_option
@pipeline_option
@identity_options
@json_option
@guarded
def explain(
    source: str, message: str, journal: str | None, keys: str | None, pipeline: str | None, **given: Any
) -> None:  # fmt: skip
    """Explain the verdict on MESSAGE under the policies of SOURCE, a pipeline or a policy file.

    MESSAGE is a YAML or JSON file with topic and payload, and optionally sender, recipient, headers and label; - reads
    standard input. The output shows each policy with its inputs and its reason, for each recipient.
    """
    from genie.policy_tools.explain import explain as explained  # noqa: PLC0415 - start-up: after the words are parsed

    known = _sourced(source, pipeline)
    sample = _sample(known, message, journal, keys, identified(known.caller, given))
    found = list(explained(known.policies, sample))
    if given["as_json"]:
        _json([one.as_json() for one in found])
    else:
        from genie.cli.terminal.policies import render_explanation  # noqa: PLC0415 - as above

        _show(part for one in found for part in render_explanation(one))


@command.command(
    epilog=manual(
        ("Run all rules of a file", f"genie policy test {FINANCE}"),
        exits={**USUAL, FAILED: "an example does not get its expected verdict", NOTHING: "no rule has an example"},
    )
)
@click.argument("source", type=click.Path())
@pipeline_option
@json_option
@guarded
def test(source: str, pipeline: str | None, *, as_json: bool) -> None:
    """Run the examples of the rules in SOURCE, a policy file or a pipeline."""
    from genie.policy_tools.examples import tried  # noqa: PLC0415 - as above

    with progress("testing"):
        found = tried(_sourced(source, pipeline))
    if as_json:
        _json(found.as_json())
    else:
        from genie.cli.terminal.policies import render_examples  # noqa: PLC0415 - as above

        _show(render_examples(found))
    if not found.examples:
        stop(f"{source}: nothing was tested: no rule has `examples:`", NOTHING)
    raise SystemExit(0 if found.passed else FAILED)


COMPARED = {
    **USUAL, PARTIAL: "some deliveries are undecidable or skipped", NOTHING: "the journal has no delivery to compare",
}  # fmt: skip
journal_option = click.option(
    "--journal", required=True, metavar="FILE",
    help="A file that `genie run --journal` wrote, or the log of a durable runtime.",
)  # fmt: skip


@command.command(
    epilog=manual(
        ("Show what a change would do", f"genie policy diff {STANDARD} {FINANCE} --journal run.jsonl"), exits=COMPARED
    )
)
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@journal_option
@keys_option
@pipeline_option
@identity_options
@json_option
@guarded
def diff(old: str, new: str, journal: str, keys: str | None, pipeline: str | None, **given: Any) -> None:
    """Show which deliveries of a journal get different verdicts under the policies of OLD and NEW.

    OLD and NEW are policy files or pipelines. Payloads in a journal file are masked for its reader. A delivery is
    undecidable when a rule needs a masked field. A durable log has whole payloads; none of them is shown.
    """
    _compare(old, new, journal, keys, pipeline, given)


@command.command(
    epilog=manual(
        (
            "See what a policy file would have changed",
            f"genie policy backtest {FINANCE} --pipeline config/pipelines/insights.yaml --journal run.jsonl",
        ),
        exits=COMPARED,
    )
)
@click.argument("new", type=click.Path())
@click.option("--pipeline", required=True, metavar="FILE", help="Pipeline whose policies are in force.")
@journal_option
@keys_option
@identity_options
@json_option
@guarded
def backtest(new: str, pipeline: str, journal: str, keys: str | None, **given: Any) -> None:
    """Show which deliveries of a journal would get another verdict if NEW were in force.

    NEW is a policy file or another pipeline. It is compared with the policies of --pipeline. See genie policy diff.
    """
    _compare(pipeline, new, journal, keys, pipeline, given)


def _compare(old: str, new: str, journal: str, keys: str | None, pipeline: str | None, given: dict[str, Any]) -> None:
    from genie.policy_tools.diff import compared  # noqa: PLC0415 - as above

    before, after = _sourced(old, pipeline), _sourced(new, pipeline)
    caller = identified(after.caller, given)
    with _deliveries(journal, keys, after, caller) as kept, progress("comparing"):
        found = compared(before.policies, after.policies, kept.samples(), {})
        found.skipped = kept.skipped
    if given["as_json"]:
        _json(found.as_json())
    else:
        from genie.cli.terminal.policies import render_difference  # noqa: PLC0415 - as above

        _show(render_difference(found, old, new))
    if not found.deliveries and not found.skipped:
        stop(f"{journal}: nothing was compared: the journal has no delivery", NOTHING)
    raise SystemExit(PARTIAL if found.undecidable or found.skipped else 0)


def _sourced(path: str, pipeline: str | None) -> Sourced:
    from genie.policy_tools.sources import sourced  # noqa: PLC0415 - as above

    found = sourced(path, pipeline)
    for warning in found.warnings:
        click.echo(plain(f"warning: {warning}"), err=True)
    return found


@contextlib.contextmanager
def _deliveries(journal: str, keys: str | None, known: Sourced, caller: Caller) -> Iterator[Replay | LogSamples]:
    """Open a journal file, or a log, for the deliveries in it."""
    if not is_log(journal):
        from genie.journal.reader import Replay  # noqa: PLC0415 - as above

        if keys is not None:
            raise InputError("--keys", "is for a log; a journal file is not encrypted", "omit it")
        yield Replay(journal, known.context, caller)
        return
    from genie.journal.log_samples import LogSamples  # noqa: PLC0415 - as above

    with opened(journal) as database:
        yield LogSamples(database, known.context, sealer_of(database, keys))


def _sample(known: Sourced, message: str, journal: str | None, keys: str | None, caller: Caller) -> Sample:
    if journal is None:
        from genie.policy_tools.sample import parse_sample  # noqa: PLC0415 - as above

        name = "<stdin>" if message == "-" else message
        return parse_sample(read_payload(message), name, known.context, known.policies)
    with _deliveries(journal, keys, known, caller) as kept:
        found = next((one for _, one in kept.samples(only=message)), None)
    if found is None:
        why = "; ".join(kept.skipped) or "has no such message"
        raise InputError(f"{journal}: message {message}", why, "use the message_id of a record of kind accepted")
    if not found.recipients:
        raise InputError(f"{journal}: message {message}", "has no recipient that is known here")
    return found


def _json(value: object) -> None:
    from genie.cli.terminal.json_text import to_text  # noqa: PLC0415 - start-up: only with --json

    click.echo(to_text(value))


def _show(parts: Iterator[Line]) -> None:
    from genie.cli.terminal.screen import show  # noqa: PLC0415 - only for people

    show(parts)
