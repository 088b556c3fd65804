"""One process, one port: the API and the page of open pipelines."""
