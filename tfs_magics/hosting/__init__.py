"""The model server this process owns: its command, its process, what it is told to serve."""
