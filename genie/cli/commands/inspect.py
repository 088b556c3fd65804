"""`genie inspect`: show what the detectors find in a file with the verdicts of the policies, or what a run cost."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded, stop
from genie.cli.help import USUAL, manual
from genie.cli.options.past import reading, run_lines
from genie.cli.terminal.drawing import counted, plain
from genie.cli.terminal.progress import progress
from genie.cli.terminal.screen import show_report
from genie.errors import InputError
from genie.policy_tools.inspect import Judged, Judgement, policies_of
from genie.policy_tools.records import Lines, format_of, opened, records
from genie.runtime.report import NOTHING, USAGE, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genie.contracts.message import Finding
    from genie.policy_tools.records import Record

_RANKS = {"allow": 0, "redact": 1, "hold": 2, "deny": 3}
_WORST = 10
_WIDTH = 90
_NAMED = 20
"""Unreadable lines that are reported one by one; the rest is counted."""


@click.command(
    epilog=manual(
        ("Show which lines are masked for a recipient without clearance", "genie inspect config/statements/sample.csv"),
        ("Inspect one column, for a script", "genie inspect config/statements/sample.csv --field Narration --json"),
        ("Show what each model call of a run cost", "genie inspect run.jsonl --cost"),
        exits={**USUAL, 3: "some lines could not be read", NOTHING: "the file has no text that could be inspected"},
    )
)
@click.argument("file", type=click.Path())
@click.option("--field", metavar="NAME", help="Inspect this column or key only; join nested keys with dots.")
@click.option("--policy", metavar="FILE", type=click.Path(), help="Judge by the `policies:` of this YAML file.")
@click.option(
    "--format", "form", type=click.Choice(["text", "jsonl", "csv"]), help="Format of FILE; by default from its suffix."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@click.option("--cost", is_flag=True, help="FILE is a journal or a log: show what each model call of a run cost.")
@reading
@guarded
def command(
    file: str, *, field: str | None, policy: str | None, form: str | None, as_json: bool, cost: bool, **given: Any
) -> None:
    """Inspect the lines of FILE for personal data, secrets and injections, and judge each.

    FILE is text, JSON lines or CSV; - is standard input. The verdict is the strongest one for a recipient without
    clearance. Exits with 3 if some lines could not be read. With --cost, the command lists the model calls of a run,
    and FILE is a journal of `genie run --journal` or a log. The options after --cost select the run and its reader.
    """
    _check_options(cost, {"--field": field, "--policy": policy, "--format": form}, given)
    if cost:
        _costs(file, given, as_json=as_json)
        return
    judgement = Judgement(policies_of(policy))
    summary = _Summary()
    with opened(file) as lines, progress("inspecting"):
        if lines.binary:
            stop(f"{lines.name}: nothing was inspected: it is binary, not text", NOTHING)
        for record in records(lines, form or format_of(file, lines), field):  # type: ignore[arg-type]  # click checks it
            if record.problem:
                summary.unread(lines.name, record)
                continue
            judged = judgement.judge([text for _, text in record.texts])
            summary.add(record.line, judged)
            if as_json:
                click.echo(json.dumps(_object(record, judged)))
        _ended(summary, lines, as_json=as_json)


def _check_options(cost: bool, of_lines: dict[str, object], of_runs: dict[str, Any]) -> None:  # noqa: FBT001 - a flag of the command
    for name, value in of_lines.items():
        if cost and value is not None:
            raise InputError(name, "is for records, not for the cost of a run", "omit it, or omit --cost")
    given = next((name for name, value in of_runs.items() if value), None)
    if not cost and given is not None:
        named = {"run_id": "run", "user": "as", "roles": "role", "consents": "consent"}.get(given, given)
        raise InputError(f"--{named}", "is for the cost of a run", "add --cost, or omit it")


def _costs(file: str, given: dict[str, Any], *, as_json: bool) -> None:
    from genie.reports.run_cost import RunCost, cost_report  # noqa: PLC0415 - start-up: only where a run is shown

    run_id, lines, _ = run_lines(file, given)
    found = RunCost(run_id)
    for line in lines:
        found.add(line)
    found.close()
    if not found.total.call:
        stop(f"{file}: run {run_id} asked no model", NOTHING)
    if as_json:
        click.echo(json.dumps(found.values()))
    else:
        show_report(cost_report(found))


def _object(record: Record, judged: Judged) -> dict[str, object]:
    mark = judged.injection
    several = len(record.texts) > 1

    def spans(found: Sequence[Finding]) -> list[dict[str, object]]:
        return [
            {"kind": one.kind.partition(".")[2], "start": one.start, "end": one.end}
            | ({"field": record.texts[int(one.path[1])][0]} if several else {})
            for one in found
        ]

    return {
        "line": record.line,
        "injection": {"score": round(mark.score, 4), "marked": mark.marked, "reasons": list(mark.reasons)},
        "pii": spans(judged.of("pii")),
        "secrets": spans(judged.of("secrets")),
        "verdict": judged.verdict,
    }


class _Summary:
    """Counts of findings and the worst lines; its size does not grow with the file."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.lines: Counter[str] = Counter()
        self.marked = 0
        self.bad = 0
        self.worst: list[tuple[tuple[int, float, int, int], str]] = []

    def unread(self, name: str, record: Record) -> None:
        self.bad += 1
        if self.bad <= _NAMED:
            click.echo(plain(f"{name}:{record.line}: {record.problem}"), err=True)

    def add(self, line: int, judged: Judged) -> None:
        self.verdicts[judged.verdict] += 1
        self.marked += judged.injection.marked
        found = [finding.kind for finding in judged.findings]
        self.kinds.update(found)
        self.lines.update(set(found))
        if not found and not judged.injection.marked:
            return
        rank = (_RANKS[judged.verdict], judged.injection.score, len(found), -line)
        if len(self.worst) < _WORST or rank > self.worst[0][0]:
            kinds = ", ".join(dict.fromkeys(found)) or "injection"
            shown = plain(f"{line:>8}  {judged.verdict:6}  {judged.injection.score:4.2f}  {kinds}")
            entry = (rank, f"{shown}\n{'':10}{plain(' '.join(judged.excerpt(_WIDTH).split()))}")
            (heapq.heappush if len(self.worst) < _WORST else heapq.heappushpop)(self.worst, entry)

    def table(self) -> str:
        total = sum(self.verdicts.values())
        parts = [f"{name} {self.verdicts[name]}" for name in _RANKS if self.verdicts[name] or name == "allow"]
        rows = [f"{counted(total, 'record')}: {', '.join(parts)}; {self.marked} marked as injection"]
        if self.kinds:
            rows += ["", f"{'kind':24}{'found':>8}{'records':>9}"]
            rows += [f"{kind:24}{count:>8}{self.lines[kind]:>9}" for kind, count in self.kinds.most_common()]
        if self.worst:
            rows += ["", f"{'line':>8}  verdict score kinds, and the text with findings masked"]
            rows += [text for _, text in sorted(self.worst, reverse=True)]
        return "\n".join(rows)


def _ended(summary: _Summary, lines: Lines, *, as_json: bool) -> None:
    if lines.latin:
        click.echo(
            f"{plain(lines.name)}: {counted(lines.latin, 'line is', 'lines are')} not UTF-8, read as Latin-1", err=True
        )
    if summary.bad > _NAMED:
        click.echo(f"{plain(lines.name)}: {summary.bad - _NAMED} more lines could not be read", err=True)
    if not summary.verdicts:
        if summary.bad:
            stop(f"{lines.name}: nothing was inspected: none of its lines could be read", USAGE)
        stop(f"{lines.name}: nothing was inspected: it has no line of text", NOTHING)
    if not as_json:
        click.echo(summary.table())
    if summary.bad:
        raise SystemExit(Status.PARTIAL.exit_code)
