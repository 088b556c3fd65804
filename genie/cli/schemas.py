"""JSON Schemas of pipeline, policy and simulation files, for editors.

``python -m genie.cli.schemas DIR`` writes them, from the models that check the files.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from genie.config.schema import policy_schema
from genie.config.schema import schema as pipeline_schema
from genie.rules.schema import RulesSettings
from genie.simulation.schema import schema as simulation_schema


def schemas() -> dict[str, dict[str, Any]]:
    """Return each schema by the name of its file."""
    return {
        "pipeline.schema.json": pipeline_schema(),
        "policy.schema.json": policy_schema(RulesSettings.model_json_schema()),
        "simulation.schema.json": simulation_schema(),
    }


def write(folder: Path) -> None:
    """Write the schemas into a folder; make the folder if it does not exist.

    Raises:
        OSError: A file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (folder / name).write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m genie.cli.schemas DIR")
    write(Path(sys.argv[1]))
