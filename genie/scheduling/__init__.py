"""Schedules: questions asked at set times."""
