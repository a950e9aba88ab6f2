"""The ways to a model server: hosted by Jupyter, owned by this process, or somebody else's."""
