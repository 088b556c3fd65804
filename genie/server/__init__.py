"""One process, one port: the API and the page of pipelines that run."""
