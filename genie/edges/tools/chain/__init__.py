"""The chain of a tool call: one module a layer, compiled into one flat function a tool."""
