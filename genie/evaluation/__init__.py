"""Suites of golden questions: what a pipeline with models answers, judged by code and by judges, with intervals."""
