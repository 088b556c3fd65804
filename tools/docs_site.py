"""Hooks of mkdocs: the API reference from docstrings, the sources of the cookbook, links that leave docs/."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import genie

ROOT = Path(__file__).parents[1]
_RECIPE = re.compile(r"\[The file\]\((cookbook/\w+\.py)\) prints:")
_OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+(?!(?:agents|policies|decisions)/)([\w./-]+)(?:#[\w-]+)?\)")
_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_JOINT = re.compile(r"(?<=[/(,])(?=\w)")
_SIGN = re.compile(r"[^\w\s\0]|_")
_GROUPS = {
    "Running": ("Runtime", "Run", "ask", "load", "Pipeline", "Schedule"),
    "Agents": (
        "agent", "handles", "Handlers", "Agent", "AgentCard", "Caller", "Context", "Risk", "Tier", "Mailbox",
        "Overflow", "Retry", "RestartBudget", "Estimate", "RunLimits",
    ),
    "Messages": ("Payload", "Value", "Message", "Headers", "Classification", "Each", "Gathered"),
    "Governance": (
        "Policy", "PolicySet", "Allow", "Deny", "Redact", "Hold", "Admission", "Rate", "Budget",
    ),
    "Errors": ("GenieError",),
}  # fmt: skip
"""The names of ``import genie``, by what they are for."""
_MODULES = (
    "genie.contracts.rendering",
    "genie.contracts.report_parts",
    "genie.contracts.report_grounds",
    "genie.testing",
)
"""Modules whose public names are all in the reference."""


def reference() -> str:
    """Return the page of the API reference: a heading for each group, and a directive for each name.

    Raises:
        ValueError: A name of the facade is in no group, or a group has a name that the facade has not.
    """
    grouped = {name for names in _GROUPS.values() for name in names}
    if grouped != set(genie.__all__):
        raise ValueError(f"the groups of the reference differ from genie.__all__: {grouped ^ set(genie.__all__)}")
    lines = ["# API reference", "", "The names of `import genie`, from their docstrings."]
    for group, names in _GROUPS.items():
        lines += ["", f"## {group}", ""]
        lines += [f"::: {genie._HOME[name]}.{name}\n" for name in names]  # noqa: SLF001 - the one table of homes
    lines += ["", "## Modules", ""]
    for module in _MODULES:
        lines += ["", f"::: {module}\n"]
    return "\n".join(lines) + "\n"


def on_files(files: Any, config: Any) -> Any:
    """Add the reference to the pages of the site."""
    from mkdocs.structure.files import File  # noqa: PLC0415 - only where the site is built

    files.append(File.generated(config, "reference.md", content=reference()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:  # noqa: ARG001 - mkdocs passes them
    """Put the source of a recipe where its page links to it, and unlink files that the site does not have."""
    return with_breaks(unlinked(with_sources(markdown), depth=page.file.src_uri.count("/")))


def with_sources(markdown: str) -> str:
    """Return a page with the source of each recipe above its output."""

    def source(found: re.Match[str]) -> str:
        text = (ROOT / "docs" / found[1]).read_text("utf-8").rstrip()
        return f"\n\n```python\n{text}\n```\n\nIt prints:"

    return _RECIPE.sub(source, markdown)


def with_breaks(markdown: str) -> str:
    r"""Return a page whose code in tables may break at its joints, and shows ``|`` where GitHub needs ``\|``."""

    def code(found: re.Match[str]) -> str:
        text = _JOINT.sub("\0", found[1].replace("\\|", "|"))
        signs = _SIGN.sub(lambda sign: f"&#{ord(sign[0])};", text)  # what is no letter may be Markdown, too
        return f"<code>{signs.replace(chr(0), '<wbr>')}</code>"

    lines = markdown.split("\n")
    fenced = False
    for place, line in enumerate(lines):
        fenced ^= line.lstrip().startswith("```")
        if line.startswith("|") and not fenced:
            lines[place] = _CODE.sub(code, line)
    return "\n".join(lines)


def unlinked(markdown: str, *, depth: int) -> str:
    """Return a page in which links to files outside docs/ are replaced by their paths."""

    def plain(found: re.Match[str]) -> str:
        climbed = found[0].count("../")
        return f"{found[1]} (`{found[2]}`)" if climbed > depth else found[0]

    return _OUTSIDE.sub(plain, markdown)
