"""`--audit DIR`: an audit trail for a pipeline without one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from genie.errors import InputError

if TYPE_CHECKING:
    from genie.config.pipeline import Pipeline


def audited(pipeline: Pipeline, folder: str | None) -> Pipeline:
    """Return the pipeline with an audit trail in a folder, if a folder is given.

    Raises:
        InputError: The pipeline has an audit trail of its own, which the command line cannot replace.
    """
    if folder is None:
        return pipeline
    if pipeline.audit is not None:
        raise InputError("--audit", "cannot replace the `audit:` of the pipeline", "omit it")
    from genie.edges.audit.trail import AuditSettings, AuditTrail  # noqa: PLC0415 - start-up: only with --audit

    return replace(pipeline, audit=AuditTrail(AuditSettings(path=Path(folder))))
