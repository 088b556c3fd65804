"""Schedules: questions asked by the clock."""
