"""Outgoing HTTP: guarded client, fetch port and webhook."""

import sys

# httpx imports its own command, with rich and pygments, wherever these are installed: 4 MB and 40 ms for nothing. The
# ImportError that None brings about is one that httpx expects.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # what the import system takes, its stub does not
