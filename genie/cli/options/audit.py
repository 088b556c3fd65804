"""`--audit DIR`: a trail for a pipeline that names none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from genie.errors import InputError

if TYPE_CHECKING:
    from genie.config.pipeline import Pipeline


def audited(pipeline: Pipeline, folder: str | None) -> Pipeline:
    """Return the pipeline with an audit trail in a folder, where one is asked for.

    Raises:
        InputError: The pipeline says itself where its audit goes; whoever runs it cannot lead it elsewhere.
    """
    if folder is None:
        return pipeline
    if pipeline.audit is not None:
        raise InputError("--audit", "is not taken: the pipeline's own `audit:` says where it goes", "leave it out")
    from genie.edges.audit.trail import AuditSettings, AuditTrail  # noqa: PLC0415 - only for those who want a trail

    return replace(pipeline, audit=AuditTrail(AuditSettings(path=Path(folder))))
