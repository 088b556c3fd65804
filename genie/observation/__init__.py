"""Observers: journal, audit, incidents, watchers and taps; none of them can stop a delivery."""
