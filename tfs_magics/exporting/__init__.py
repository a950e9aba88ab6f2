"""A live object becomes the next version of a model."""
