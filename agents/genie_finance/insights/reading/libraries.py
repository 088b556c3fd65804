"""Libraries for single statement formats: imported when a file of that format is read."""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING

from genie.errors import InputError

if TYPE_CHECKING:
    from types import ModuleType


def library(module: str, *, name: str, what: str) -> ModuleType:
    """Return a module that reading a file needs.

    Its logger is disabled: parsers log what they could not parse, and no text of a statement may reach a log.

    Args:
        module: Its import name.
        name: How messages name the file.
        what: Format of the file.

    Raises:
        InputError: It is not installed.
    """
    logging.getLogger(module.partition(".")[0]).setLevel(logging.CRITICAL + 1)
    try:
        return importlib.import_module(module)
    except ImportError:
        root = module.partition(".")[0]
        raise InputError(
            name, f"is {what}; reading it needs the library {root!r}, which is not installed",
            "install the extra: pip install 'genie-bus[insights]'",
        ) from None  # fmt: skip
