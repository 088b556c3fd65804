"""The chain of a tool call: one module per layer, compiled into one flat function per tool."""
