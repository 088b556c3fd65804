"""Tools: agents and typed functions that a model may call, and the chain that every call passes."""
