"""Write the JSON Schemas beside this module, from the models that check the files."""

from __future__ import annotations

import json
from pathlib import Path

from genie.manifest import schema as pipeline
from genie.simulation.manifest import schema as simulation

for _name, _schema in (("pipeline", pipeline()), ("simulation", simulation())):
    _file = Path(__file__).parent / f"{_name}.schema.json"
    _file.write_text(json.dumps(_schema, indent=2) + "\n", encoding="utf-8")
