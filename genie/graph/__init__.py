"""The pipeline graph: reachability, checks, label flow and diagrams."""
