"""Insights: bank statements are read, categorised, compared, forecast, and turned into a report with advice."""
