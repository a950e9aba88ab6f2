"""What the flags say about TensorFlow's sessions, as the ConfigProto they start from."""

from __future__ import annotations

import logging
import os

from google.protobuf import text_format
from tensorflow.core.protobuf.config_pb2 import ConfigProto
from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig

from server_ext.errors import InvalidArgument
from server_ext.lifecycle.storage import os_failure

log = logging.getLogger(__name__)


def session_config(
    file: str = "", gpu_memory_fraction: float = 0.0, mixed_precision: str = ""
) -> ConfigProto:
    """Return the text-format ConfigProto in `file`, changed by what is set of the other two.

    Raises:
        ServingError: the file cannot be read, with the file system's code.
        InvalidArgument: it cannot be parsed.

    Compatible with model_servers/server.cc and servables/tensorflow/bundle_factory_util.cc.
    """
    config = _read(file) if file else ConfigProto(allow_soft_placement=True)
    if gpu_memory_fraction:
        config.gpu_options.per_process_gpu_memory_fraction = gpu_memory_fraction
    if mixed_precision == "bfloat16":
        rewrites = config.graph_options.rewrite_options
        rewrites.auto_mixed_precision_onednn_bfloat16 = RewriterConfig.ON
    elif mixed_precision:
        log.warning("--mixed_precision=%s has no effect: only bfloat16 has", mixed_precision)
    return config


def _read(file: str) -> ConfigProto:
    config = ConfigProto()
    try:
        with open(os.path.expanduser(file), "rb") as opened:
            text_format.Parse(opened.read().decode(), config)
    except OSError as error:
        raise os_failure(f"session config file {file}", error) from None
    except (UnicodeDecodeError, text_format.ParseError) as error:
        raise InvalidArgument(f"Invalid protobuf file: '{file}': {error}") from None
    return config
