"""Write the JSON Schemas beside this module, from the models that check the files."""

from __future__ import annotations

import json
from pathlib import Path

from genie.config.schema import policy_schema
from genie.config.schema import schema as pipeline_schema
from genie.rules.schema import RulesSettings
from genie.simulation.schema import schema as simulation_schema

for _name, _schema in (
    ("pipeline", pipeline_schema()),
    ("policy", policy_schema(RulesSettings.model_json_schema())),
    ("simulation", simulation_schema()),
):
    _file = Path(__file__).parent / f"{_name}.schema.json"
    _file.write_text(json.dumps(_schema, indent=2) + "\n", encoding="utf-8")
