"""The model server as a part of a Jupyter server: an extension that hosts it, and its HTTP API."""
