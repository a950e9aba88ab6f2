"""`python -m server_ext`: the same as the command `tensorflow_model_server`."""

import sys

from server_ext.cli import main

if __name__ == "__main__":
    sys.exit(main())
