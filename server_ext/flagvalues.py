"""What some flags may say, wherever they are said: on the command line, in a notebook."""

MAX_PORT = 65535
A_PORT = f"a port is from 0 to {MAX_PORT}"
OFF, ON, AUTO = "off", "on", "auto"
WAYS_TO_BATCH = (OFF, ON, AUTO)


def is_port(number: int) -> bool:
    """Tell whether a server may be asked to listen there; 0 takes a free port."""
    return 0 <= number <= MAX_PORT
