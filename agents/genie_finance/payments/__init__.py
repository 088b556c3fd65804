"""Payments: orders, invoices, discounting and what a receivables book says."""
