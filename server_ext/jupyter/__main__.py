"""The same as `jupyter tfs`, for `python -m server_ext.jupyter`."""

from server_ext.jupyter.app import TFSExtension

if __name__ == "__main__":
    TFSExtension.launch_instance()  # type: ignore[no-untyped-call]
