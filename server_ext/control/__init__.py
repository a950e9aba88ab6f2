"""The pipe between a server and whoever started it: commands in, replies and events out."""
