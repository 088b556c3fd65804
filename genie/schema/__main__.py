"""Write the JSON Schemas beside this module, from the models that check the files."""

from __future__ import annotations

import json
from pathlib import Path

from genie.governance.rules.sections import RulesSettings
from genie.manifest import policy_schema, schema

for name, found in (("pipeline", schema()), ("policy", policy_schema(RulesSettings.model_json_schema()))):
    (Path(__file__).parent / f"{name}.schema.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
