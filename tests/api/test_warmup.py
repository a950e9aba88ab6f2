"""A version answers its own warm-up records before it is available, or is not."""

import numpy as np
import pytest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from server_ext.api.warmup import WARMUP_FILE, WarmLoads, inputs_recorded
from server_ext.codecs import tensorproto
from server_ext.engine import tfrecord
from server_ext.errors import Code, InvalidArgument, ServingError
from server_ext.lifecycle.servable import Loader, Servable, Signature, TensorSpec
from server_ext.metrics import Registry

pytestmark = pytest.mark.tensorflow

FLOAT, STRING = 1, 7


class Model(Servable):
    """Doubles x; classifies and regresses rows. Fails where x is negative. Remembers its runs."""

    def __init__(self):
        self.runs = []
        self.closed = False

    @property
    def signatures(self):
        x, rows = TensorSpec("x:0", FLOAT, (-1,)), TensorSpec("rows:0", STRING, (-1,))
        scores = TensorSpec("scores:0", FLOAT, (-1, 2))
        return {
            "serving_default": Signature("serving_default", "", {"x": x}, {"y": x}, b""),
            "classify": Signature("classify", "", {"inputs": rows}, {"scores": scores}, b""),
            "regress": Signature("regress", "", {"inputs": rows}, {"outputs": x}, b""),
        }

    @property
    def memory_bytes(self):
        return 0

    def run(self, signature, inputs, outputs):
        self.runs.append(signature.name)
        if "x" not in inputs:
            rows = len(next(iter(inputs.values())))
            shapes = {"scores": (rows, 2), "outputs": (rows,)}
            return [np.zeros(shapes[alias.split("/")[-1]], np.float32) for alias in outputs]
        if min(inputs["x"]) < 0:
            raise InvalidArgument("x is negative")
        return [inputs["x"] * 2]

    def close(self):
        self.closed = True


def predict(*numbers):
    log = PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = "another"
    request.model_spec.version.value = 99
    request.inputs["x"].CopyFrom(tensorproto.encode(np.array(numbers, np.float32), FLOAT))
    return log


def without_inputs():
    log = PredictionLog()
    log.predict_log.SetInParent()
    return log


def rows(message):
    message.example_list.examples.add().features.feature["a"].float_list.value.append(1)


def classify():
    log = PredictionLog()
    log.classify_log.request.model_spec.signature_name = "classify"
    rows(log.classify_log.request.input)
    return log


def regress():
    log = PredictionLog()
    log.regress_log.request.model_spec.signature_name = "regress"
    rows(log.regress_log.request.input)
    return log


def multi_inference():
    log = PredictionLog()
    request = log.multi_inference_log.request
    for verb in ("classify", "regress"):
        task = request.tasks.add(method_name=f"tensorflow/serving/{verb}")
        task.model_spec.name, task.model_spec.signature_name = "another", verb
    rows(request.input)
    return log


def nothing():
    log = PredictionLog()
    log.log_metadata.timestamp_secs = 7
    return log


def session_run():
    log = PredictionLog()
    log.session_run_log.SetInParent()
    return log


def streamed():
    log = PredictionLog()
    log.predict_streamed_log.SetInParent()
    return log


@pytest.fixture
def directory(tmp_path):
    (tmp_path / WARMUP_FILE).parent.mkdir()
    return tmp_path


@pytest.fixture
def registry():
    return Registry()


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def loads(registry, model):
    """What makes the loaders; all of them load `model`."""
    return WarmLoads(lambda name, version, path: Loader(lambda: model, path), registry)


@pytest.fixture
def write(directory):
    """Write a file of these records."""

    def write(*logs):
        writer = tfrecord.Writer(str(directory / WARMUP_FILE))
        for log in logs:
            writer.write(log if isinstance(log, bytes) else log.SerializeToString())
        writer.close()

    return write


@pytest.fixture
def load(directory, loads, write):
    """Write a file of these records, and load the version with it."""

    def load(*logs):
        write(*logs)
        return loads("m", 3, str(directory)).load()

    return load


def counted(registry, name):
    name = f"/tensorflow/serving/{name}"
    return next(metric for metric in registry.metrics() if metric.name == name).points()


def test_each_kind_of_record_is_asked_in_its_order(load, model):
    assert load(predict(1), classify(), regress(), multi_inference(), predict(2)) is model

    asked = ["serving_default", "classify", "regress", "classify+regress", "serving_default"]
    assert model.runs == asked
    assert not model.closed


def test_a_version_without_records_is_loaded_as_it_is(directory, loads, registry, model):
    assert loads("m", 3, str(directory)).load() is model

    assert not model.runs
    assert not counted(registry, "model_warmup_latency")


def test_a_record_without_a_request_is_passed_over(load, model):
    load(nothing(), predict(1), b"")

    assert model.runs == ["serving_default"]


def test_records_are_asked_as_often_as_wanted(directory, write, model):
    write(predict(1), classify())
    loads = WarmLoads(lambda name, version, path: Loader(lambda: model, path), Registry(), 3)

    loads("m", 3, str(directory)).load()

    assert model.runs == ["serving_default"] * 3 + ["classify"] * 3


def test_a_thousand_records_are_asked_and_one_more_is_refused(load, model):
    load(*[predict(1)] * 1000)
    assert len(model.runs) == 1000

    with pytest.raises(InvalidArgument) as raised:
        load(*[predict(1)] * 1001)

    assert "Number of warmup records exceeds the maximum (1000)" in str(raised.value)
    assert len(model.runs) == 2000
    assert model.closed


@pytest.mark.parametrize(
    ("record", "code", "words"),
    [
        (predict(-1), Code.INVALID_ARGUMENT, "tf_serving_warmup_requests failed: x is negative"),
        (without_inputs(), Code.INVALID_ARGUMENT, "failed: input size does not match signature"),
        (b"\xff\xff", Code.INVALID_ARGUMENT, "Failed to parse warmup record: Warm-up record 2 in "),
        (session_run(), Code.UNIMPLEMENTED, "Unsupported log_type for warmup"),
        (streamed(), Code.UNIMPLEMENTED, "is a predict_streamed_log, known are predict_log, "),
    ],
    ids=["run", "request", "no message", "session run", "streamed"],
)
def test_a_record_that_fails_fails_the_load_and_leaves_nothing_open(
    load, model, registry, record, code, words
):
    with pytest.raises(ServingError) as raised:
        load(predict(1), record, predict(1))

    assert raised.value.code is code
    assert words in str(raised.value)
    assert model.closed
    assert list(counted(registry, "model_warmup_latency")) == list(
        counted(registry, "model_warmup_records_read")
    )


def test_a_file_of_another_format_is_data_loss(directory, loads, model):
    (directory / WARMUP_FILE).write_text("these are words, and not records")

    with pytest.raises(ServingError) as raised:
        loads("m", 3, str(directory)).load()

    assert raised.value.code is Code.DATA_LOSS
    assert "Please verify your warmup data is in TFRecord format." in str(raised.value)
    assert model.closed


def test_warm_ups_are_counted_by_path_and_outcome(load, directory, registry):
    load(predict(1), predict(2))
    with pytest.raises(ServingError, match="x is negative"):
        load(predict(-1))

    good, bad = (str(directory), "OK"), (str(directory), "INVALID_ARGUMENT")
    assert counted(registry, "model_warmup_records_read") == {good: 2, bad: 1}
    latency = counted(registry, "model_warmup_latency")
    assert {labels: sum(cell.counts) for labels, cell in latency.items()} == {good: 1, bad: 1}


def test_what_records_feed_is_read_with_its_signature_and_not_run(write, tmp_path):
    write(predict(1, 2), nothing(), classify(), regress(), multi_inference())
    model = Model()

    found = list(inputs_recorded("m", 1, str(tmp_path), model))

    assert [signature.name for signature, _ in found] == [
        "serving_default",
        "classify",
        "regress",
        "classify+regress",
    ]
    assert found[0][1]["x"].tolist() == [1.0, 2.0]
    assert model.runs == []


def test_records_are_read_up_to_one_that_is_wrong(write, tmp_path):
    write(predict(1), without_inputs(), predict(2))

    found = [inputs["x"].tolist() for _, inputs in inputs_recorded("m", 1, str(tmp_path), Model())]

    assert found == [[1.0]]


def test_a_version_without_records_feeds_nothing(tmp_path):
    assert list(inputs_recorded("m", 1, str(tmp_path), Model())) == []
