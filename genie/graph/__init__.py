"""The pipeline graph: who can reach what, checks, label flow and its drawing."""
