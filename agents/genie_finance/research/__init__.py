"""Research: policy rates, committee decisions, indicators and terms, from dated data, without a model."""
