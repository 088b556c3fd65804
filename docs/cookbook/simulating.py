"""Simulation: a pipeline runs in virtual time on a day with many failures; the same seed gives the same day."""

from pathlib import Path
from tempfile import TemporaryDirectory

from genie.simulation.runner import simulate
from genie.simulation.scenario import load

SCENARIO = """
version: 1
id: bad-day
title: A bad day
pipeline: {pipeline}
seed: 7
start: 2026-01-05T09:00:00Z
duration: 1h
workload:
  population: {{ size: 5 }}
  arrivals:
    - {{ burst: 5, from: 5m, over: 10m }}
  questions:
    - {{ question: "Where am I overspending?", statement: {statement} }}
trouble:
  - {{ kind: raise, agent: forecaster, rate: 1 }}
invariants:
  - answered: {{ share: 1 }}
"""


def main() -> None:
    config = Path("config").resolve()
    with TemporaryDirectory() as folder:
        file = Path(folder, "bad-day.yaml")
        pipeline, statement = config / "pipelines/insights.yaml", config / "statements/sample-savings.ofx"
        file.write_text(SCENARIO.format(pipeline=pipeline, statement=statement))
        record = simulate(load(file))
    for run in record.runs:
        print(run.outcome)
    print("violations:", len(record.violations))


if __name__ == "__main__":
    main()
