"""What only exists inside IPython: argument tables, evaluation, one-line errors."""
