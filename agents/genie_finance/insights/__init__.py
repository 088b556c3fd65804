"""Insights: reads, categorises, compares and forecasts bank statements, and reports with advice."""
