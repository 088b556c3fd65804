"""Write the JSON Schemas beside this module, from the models that check the files."""

from __future__ import annotations

import json
from pathlib import Path

from genie.manifest import schema

(Path(__file__).parent / "pipeline.schema.json").write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")
