"""Payments: orders, invoices, discounting and receivables."""
