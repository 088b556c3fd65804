"""Suites of golden questions: the answers of a pipeline with models, checked by code and by judges, with intervals."""
