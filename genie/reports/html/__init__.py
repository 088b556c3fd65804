"""Reports as one HTML file that needs no network: charts, the tables behind them, and how the figures came about."""
