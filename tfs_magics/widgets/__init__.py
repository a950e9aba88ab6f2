"""Live views and a canvas as widgets of a notebook, to be put together with those of ipywidgets."""
