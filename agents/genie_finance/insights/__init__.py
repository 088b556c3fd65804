"""From a bank statement to a report: reading, understanding, forecasting, advising."""
