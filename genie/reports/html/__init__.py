"""Reports as one HTML file that needs no network: charts, their tables, and the origin of the figures."""
