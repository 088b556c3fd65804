"""Outgoing HTTP: guarded client, fetch port and webhook."""

import sys

# httpx imports its own command, with rich and pygments, if these are installed: 4 MB and 40 ms for nothing. It expects
# the ImportError that None causes.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # what the import system takes, its stub does not
