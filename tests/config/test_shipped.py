"""Every pipeline that ships is of the schema, loads with what is installed here, and has nothing to be warned of."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from genie.catalogue import Catalogue
from genie.config import load
from genie.dialect import load_file
from genie.manifest import schema

ROOT = Path(__file__).parents[2]
PIPELINES = sorted((ROOT / "config" / "pipelines").glob("*.yaml"))


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_a_shipped_pipeline_is_of_the_schema_that_its_first_line_names(path: Path) -> None:
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    assert first == "# yaml-language-server: $schema=../../genie/schema/pipeline.schema.json"
    jsonschema.validate(load_file(path, environ={}).value, schema())


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_a_shipped_pipeline_loads_without_a_warning(path: Path) -> None:
    found = load(path, environ={}, catalogue=Catalogue.installed())
    assert found.id == path.stem
    assert found.warnings == ()
    assert found.input.question()
