"""Flags of the command line: TensorFlow Serving's grammar, and errors that say what to do."""

from __future__ import annotations

import dataclasses

import pytest

from server_ext import __version__, cli, commandline
from server_ext.errors import InvalidArgument
from server_ext.options import Options
from server_ext.otherflags import OTHER_FLAGS


def parse(*argv: str, **environ: str) -> Options:
    return cli.parse(argv, environ)


@pytest.mark.parametrize(
    ("argv", "name", "value"),
    [
        (("--port=9000",), "port", 9000),
        (("--port", "9000"), "port", 9000),
        (("--port= +9000 ",), "port", 9000),
        (("--port=1", "--port=2"), "port", 2),
        (("--wait_for_models",), "wait_for_models", True),
        (("--wait_for_models=true",), "wait_for_models", True),
        (("--wait_for_models=False",), "wait_for_models", False),
        (("--wait_for_models=0",), "wait_for_models", False),
        (("--model_name=a=b",), "model_name", "a=b"),
        (("--file_system_poll_wait_seconds=-1",), "file_system_poll_wait_seconds", -1),
        (("--port=9000", "--", "--port=1"), "port", 9000),
        ((), "rest_api_port", None),
        (("--rest_api_port=0",), "rest_api_port", 0),
    ],
)
def test_flags_are_read_as_tensorflow_serving_reads_them(argv, name, value):
    assert getattr(parse(*argv), name) == value


def test_defaults_are_tensorflow_servings():
    options = parse()

    assert (options.port, options.model_name, options.model_base_path) == (8500, "default", "")
    assert options.rest_api_timeout_in_ms == 30000
    assert options.file_system_poll_wait_seconds == 1
    assert options.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--prot=1", "unknown argument: --prot=1. Did you mean --port?"),
        ("-port=1", "unknown argument: -port=1. Did you mean --port?"),
        ("model", "unknown argument: model. --help lists all flags"),
        ("--port=0x10", "'0x10' is not a whole number"),
        ("--port=1_000", "'1_000' is not a whole number"),
        ("--port=70000", "--port is 70000: a port is from 0 to 65535"),
        ("--rest_api_port=-2", "--rest_api_port is -2"),
        ("--wait_for_models=maybe", "'maybe' is not true, false, 1 or 0"),
        (
            "--file_system_poll_wait_seconds=2147483648",
            "--file_system_poll_wait_seconds is 2147483648: it must be from -2147483648 to 2147483647",
        ),
        ("--rest_api_timeout_in_ms=" + "9" * 400, "it must be from -2147483648 to 2147483647"),
        ("--host=", "--host is empty: use 127.0.0.1, or 0.0.0.0 to listen on all interfaces"),
    ],
)
def test_a_wrong_flag_is_refused_with_what_to_do(argument, words):
    with pytest.raises(InvalidArgument) as error:
        parse(argument)

    assert words in error.value.message


@pytest.mark.parametrize(
    ("argv", "environ", "name", "path"),
    [
        ((), {"MODEL_NAME": "digits"}, "digits", "/models/digits"),
        ((), {"MODEL_BASE_PATH": "/data"}, "model", "/data/model"),
        ((), {"MODEL_NAME": "digits", "MODEL_BASE_PATH": "/data"}, "digits", "/data/digits"),
        (("--model_name=m",), {"MODEL_BASE_PATH": "/data"}, "m", "/data/m"),
        (("--model_base_path=/x",), {"MODEL_NAME": "digits"}, "default", "/x"),
        (("--model_config_file=f",), {"MODEL_NAME": "digits"}, "default", ""),
        ((), {}, "default", ""),
    ],
)
def test_the_docker_images_variables_stand_in_for_missing_flags(argv, environ, name, path):
    options = parse(*argv, **environ)

    assert (options.model_name, options.model_base_path) == (name, path)


def test_version_prints_both_versions_and_ends(capsys):
    assert cli.main(["--version"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"TensorFlow ModelServer: {__version__}"
    assert lines[1].startswith("TensorFlow Library: 2.")


def test_help_names_every_flag(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])

    out = capsys.readouterr().out
    assert end.value.code == 0
    assert all(f"--{field.name}" in out for field in dataclasses.fields(Options))


def test_a_start_failure_is_one_line_on_stdout(capsys):
    assert cli.main(["--prot=1"]) == 255

    out = capsys.readouterr().out
    assert out == (
        "Failed to start server. Error: INVALID_ARGUMENT: "
        "unknown argument: --prot=1. Did you mean --port?\n"
    )


def test_help_is_in_groups(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])

    out = capsys.readouterr().out
    assert all(f"{title}:\n" in out for title in commandline.GROUPS.values())
    assert "flags of TensorFlow Serving without effect here:\n" in out


def test_a_flag_without_effect_is_ignored_and_logged(caplog):
    assert parse("--skip_initialize_tpu", "--model_base_path=/m") == parse("--model_base_path=/m")

    assert "--skip_initialize_tpu is ignored: TensorFlow's packages have no" in caplog.text


def test_a_flag_that_asks_for_nothing_is_not_worth_a_word(caplog):
    parse(
        "--skip_initialize_tpu=false", "--platform_config_file=", "--xla_cpu_compilation_enabled=0"
    )

    assert not caplog.text


def test_a_flag_that_may_not_be_ignored_is_refused_with_the_reason():
    with pytest.raises(InvalidArgument, match="--use_alts_credentials is not offered here: ALTS"):
        parse("--use_alts_credentials")


def test_no_flag_has_an_effect_and_none():
    assert not OTHER_FLAGS.keys() & {field.name for field in dataclasses.fields(Options)}


# The names of model_servers/main.cc.
TENSORFLOW_SERVINGS = """
port grpc_socket_path rest_api_port rest_api_num_threads rest_api_timeout_in_ms
rest_api_enable_cors_support enable_batching batching_parameters_file
enable_per_model_batching_parameters allow_version_labels_for_unavailable_models model_config_file
model_config_file_poll_wait_seconds model_name model_base_path num_load_threads num_unload_threads
max_num_load_retries load_retry_interval_micros file_system_poll_wait_seconds
flush_filesystem_caches tensorflow_session_parallelism tensorflow_intra_op_parallelism
tensorflow_inter_op_parallelism tensorflow_session_config_file use_alts_credentials ssl_config_file
platform_config_file per_process_gpu_memory_fraction saved_model_tags grpc_channel_arguments
grpc_max_threads enable_model_warmup num_request_iterations_for_warmup version
monitoring_config_file remove_unused_fields_from_bundle_metagraph prefer_tflite_model
num_tflite_pools num_tflite_interpreters_per_pool enable_signature_method_name_check
xla_cpu_compilation_enabled xla_gpu_compilation_enabled enable_profiler
thread_pool_factory_config_file mixed_precision skip_initialize_tpu enable_grpc_healthcheck_service
enable_serialization_as_tensor_content
"""


def test_every_flag_of_tensorflow_serving_is_known_and_no_other_unless_it_is_ours():
    theirs = {field.name for field in dataclasses.fields(Options) if not field.metadata["ours"]}

    assert theirs | OTHER_FLAGS.keys() == set(TENSORFLOW_SERVINGS.split())


@pytest.mark.parametrize(
    "argument",
    [
        "--num_load_threads=-1",
        "--max_num_load_retries=-1",
        "--reload_timeout_seconds=-1",
        "--total_model_memory_limit_bytes=-1",
        "--per_process_gpu_memory_fraction=1.5",
    ],
)
def test_a_value_out_of_range_is_refused_by_name(argument):
    with pytest.raises(InvalidArgument, match=argument.split("=")[0]):
        parse(argument)


def test_the_three_flags_of_parallelism_exclude_each_other():
    with pytest.raises(InvalidArgument, match="give it alone, or the other two"):
        parse(
            "--tensorflow_session_parallelism=2",
            "--tensorflow_intra_op_parallelism=1",
            "--tensorflow_inter_op_parallelism=1",
        )


def test_nothing_to_serve_is_refused():
    with pytest.raises(InvalidArgument, match="model_base_path and model_config_file are empty"):
        Options().check_servable()


def test_models_come_from_standard_input_or_from_flags_and_not_from_both():
    Options(commands_on_stdin=True).check_servable()

    for name in ("model_base_path", "model_config_file"):
        with pytest.raises(InvalidArgument, match=f"leave --{name} out"):
            Options(commands_on_stdin=True, **{name: "/m"}).check_servable()


def test_the_docker_images_variables_name_no_model_beside_commands():
    assert parse("--commands_on_stdin", MODEL_NAME="m", MODEL_BASE_PATH="/m").model_base_path == ""


def test_commands_and_a_model_are_refused_in_one_line_on_stdout(capsys):
    assert cli.main(["--commands_on_stdin", "--model_base_path=/m"]) == 255

    assert capsys.readouterr().out == (
        "Failed to start server. Error: INVALID_ARGUMENT: --commands_on_stdin takes the models to "
        "serve from standard input: leave --model_base_path out\n"
    )


def test_pages_of_other_origins_are_let_in_or_kept_out():
    with pytest.raises(InvalidArgument, match="give one of the two"):
        parse("--rest_api_enable_cors_support", "--rest_api_refuse_foreign_origins")
