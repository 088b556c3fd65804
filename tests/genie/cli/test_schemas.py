"""The JSON Schemas for editors are generated from the models."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema

from genie.cli.schemas import schemas, write
from genie.config.schema import policy_schema, schema
from genie.rules.schema import RulesSettings
from genie.simulation.schema import schema as simulation_schema

EXPECTED = {
    "pipeline.schema.json": schema(),
    "policy.schema.json": policy_schema(RulesSettings.model_json_schema()),
    "simulation.schema.json": simulation_schema(),
}


def test_the_schemas_are_those_of_the_models_and_valid() -> None:
    assert schemas() == EXPECTED
    for one in schemas().values():
        jsonschema.Draft202012Validator.check_schema(one)


def test_they_are_written_into_a_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "schemas"
    write(folder)
    assert {path.name: json.loads(path.read_text(encoding="utf-8")) for path in folder.iterdir()} == EXPECTED


def test_the_module_needs_one_folder() -> None:
    done = subprocess.run([sys.executable, "-m", "genie.cli.schemas"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "DIR" in done.stderr
