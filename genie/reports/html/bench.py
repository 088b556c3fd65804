"""The page of the fan-out benchmark: the bus beside bare asyncio, its latency and its throughput."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.contracts.rendering import Card, Chart, Column, Facts, Figure, Lines, Paragraph, Section, Table, Tile, Tiles
from genie.reports.html.page import Page, stamp, whole_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

_TITLE = "The bus beside bare asyncio"
_PERCENTILES = ("p50_us", "p95_us", "p99_us", "baseline_p50_us")


def bench_page(rows: Sequence[Mapping[str, Any]], *, at: datetime, machine: str) -> str:
    """Return the page of a measurement.

    Args:
        rows: What ``genie.benchmark.fanout`` returned, one row for each fan-out.
        at: When it was measured, in UTC.
        machine: The machine it was measured on.
    """
    figures = Section("Round trips", (_tiles(rows), _ratio(rows), _latency(rows), _throughput(rows)))
    return whole_page(
        Page(
            title=_TITLE, standing=(stamp(at), machine), head=(Paragraph(_answer(rows), "answer"),),
            sections=(figures, _rest(rows)), at=at,
        )
    )  # fmt: skip


def _answer(rows: Sequence[Mapping[str, Any]]) -> str:
    ratios = [row["ratio"] for row in rows]
    least, most = min(ratios), max(ratios)
    times = f"{least:.2f}" if f"{least:.2f}" == f"{most:.2f}" else f"{least:.2f} to {most:.2f}"
    return f"A governed round trip takes {times} times as long as the same ungoverned work in bare asyncio."


def _tiles(rows: Sequence[Mapping[str, Any]]) -> Tiles:
    first = rows[0]
    n = f"at fan-out {first['fanout']}"
    return Tiles((
        Tile("Median round trip", f"{first['p50_us']:,.1f} µs", n),
        Tile("Bare asyncio", f"{first['baseline_p50_us']:,.1f} µs", n),
        Tile("Ratio", f"{first['ratio']:.2f}", n),
        Tile("A delivery", f"{first['per_delivery_us']:,.2f} µs", n),
    ))  # fmt: skip


def _names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return [f"{row['fanout']:,}" for row in rows]


def _table(caption: str, titles: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    return Table(caption, tuple(Column(title, number=True) for title in titles), tuple(map(tuple, rows)))


def _ratio(rows: Sequence[Mapping[str, Any]]) -> Figure:
    told = ", ".join(f"{row['ratio']:.2f} at {row['fanout']}" for row in rows)
    cells = ((f"{row['fanout']:,}", f"{row['ratio']:.3f}") for row in rows)
    return Figure(
        id="ratio",
        title="Ratio to bare asyncio",
        note="Median round trip of the bus over that of bare asyncio, measured in turn in this run. 1 means no cost.",
        chart=Chart(
            "ratio",
            {"names": _names(rows), "ratio": [row["ratio"] for row in rows]},
            says=f"Ratio to bare asyncio by fan-out: {told}.",
            keys=(("income", "Ratio"), ("one", "Bare asyncio")),
        ),
        table=_table("Ratio by fan-out", ("fan-out", "ratio"), cells),
    )


def _latency(rows: Sequence[Mapping[str, Any]]) -> Figure:
    cells = ((f"{row['fanout']:,}", *(f"{row[name]:,.2f}" for name in _PERCENTILES)) for row in rows)
    return Figure(
        id="latency",
        title="Round trip",
        note="Percentiles, on a logarithmic scale.",
        chart=Chart(
            "latency",
            {"names": _names(rows), **{name: [row[name] for row in rows] for name in _PERCENTILES}},
            says="Median, 95th and 99th percentile of a round trip by fan-out. The table below has every figure.",
            keys=(("p50", "p50"), ("p95", "p95"), ("p99", "p99"), ("bare", "Bare asyncio, p50")),
        ),
        table=_table("Round trip by fan-out", ("fan-out", "p50 µs", "p95 µs", "p99 µs", "bare p50 µs"), cells),
    )


def _throughput(rows: Sequence[Mapping[str, Any]]) -> Figure:
    rates = [(1e6 / row["per_delivery_us"], 1e6 / row["p50_us"]) for row in rows]
    names = _names(rows)
    cells = ((name, f"{rate:,.0f}", f"{trips:,.0f}") for name, (rate, trips) in zip(names, rates, strict=True))
    told = ", ".join(f"{rate:,.0f} at {name}" for name, (rate, _) in zip(names, rates, strict=True))
    return Figure(
        id="throughput",
        title="Throughput",
        note="Deliveries per second with one round trip at a time, computed from the medians; each delivery was "
        "judged.",
        chart=Chart(
            "throughput",
            {"names": names, "rate": [round(rate) for rate, _ in rates]},
            says=f"Deliveries a second by fan-out: {told}.",
        ),
        table=_table("Throughput by fan-out", ("fan-out", "deliveries a second", "round trips a second"), cells),
        wide=True,
    )


def _rest(rows: Sequence[Mapping[str, Any]]) -> Section:
    policies = dict.fromkeys(str(name) for row in rows for name in row["policies"])
    told = (
        "One question goes to an analyser, its result to n agents, and their n answers are gathered. The payloads "
        "have six fields; the bus inspects, judges, admits and counts each of the n + 1 deliveries.",
        "Bare asyncio does the same work with tasks and futures and checks nothing.",
        "A ratio compares two figures of one run on one machine, so it holds for other machines too; microseconds do "
        "not.",
    )
    counts = tuple((f"Fan-out {row['fanout']:,}", f"{row['requests']:,} round trips timed") for row in rows)
    cards = (
        Card("How it was measured", (Lines(told), Facts(counts))),
        Card("Policies in force", (Lines(tuple(policies) or ("none",)),)),
    )
    return Section("What was measured", cards)
