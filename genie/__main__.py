"""``python -m genie`` is the command, for where its script is not on the path."""

from __future__ import annotations

from genie.cli import main

if __name__ == "__main__":
    main(prog_name="genie")
