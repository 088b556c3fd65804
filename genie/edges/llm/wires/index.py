"""The shipped wires by name; listing them imports nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

WIRES: Mapping[str, str] = MappingProxyType(
    {
        "openai_chat": "genie.edges.llm.wires.openai_chat:OpenAIChat",
        "openai_responses": "genie.edges.llm.wires.openai_responses:OpenAIResponses",
        "anthropic": "genie.edges.llm.wires.anthropic:Anthropic",
        "gemini": "genie.edges.llm.wires.gemini:Gemini",
        "ollama": "genie.edges.llm.wires.ollama:Ollama",
    }
)
"""Name -> ``module:Class``; each class is constructed from its ``Settings``."""
