"""What is answered under tfs/ of a Jupyter server, a file for each noun of the API."""
