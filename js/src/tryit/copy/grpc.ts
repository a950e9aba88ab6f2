import type { Tensor } from '../../api/signatures';
import { python } from './python';
import type { Request } from './request';
import { isObject } from '../../api/guards';

const TYPES: Readonly<Record<string, string>> = { string: 'tf.string', bool: 'tf.bool' };

/** Python with the official stubs; null for a request that has another form over gRPC. */
export function grpc(request: Request): string | null {
  const { inputs } = request.body;
  if (request.verb !== 'predict' || !isObject(inputs) || request.where.grpc === '') {
    return null;
  }
  const fields = request.signature.inputs
    .filter(({ name }) => name in inputs)
    .map((tensor) => input(tensor, inputs[tensor.name]));
  const hasBytes = fields.some((line) => line.includes('base64.'));
  return [
    ...(hasBytes ? ['import base64', ''] : []),
    'import grpc',
    'import tensorflow as tf',
    'from tensorflow_serving.apis.predict_pb2 import PredictRequest',
    'from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub',
    '',
    'request = PredictRequest()',
    ...spec(request),
    ...fields,
    `with grpc.insecure_channel(${python(request.where.grpc)}) as channel:`,
    '    answer = PredictionServiceStub(channel).Predict(request, timeout=60)',
    'for name, tensor in answer.outputs.items():',
    '    print(name, tf.make_ndarray(tensor).tolist())',
  ].join('\n');
}

function spec({ model, target, signature }: Request): readonly string[] {
  const which =
    target.kind === 'label'
      ? [`request.model_spec.version_label = ${python(target.label)}`]
      : target.kind === 'version'
        ? [`request.model_spec.version.value = ${target.version}`]
        : [];
  return [
    `request.model_spec.name = ${python(model)}`,
    ...which,
    `request.model_spec.signature_name = ${python(signature.name)}`,
  ];
}

function input({ name, type }: Tensor, value: unknown): string {
  const dtype = TYPES[type] ?? `tf.${type}`;
  const tensor = `tf.make_tensor_proto(${python(value, true)}, dtype=${dtype})`;
  return `request.inputs[${python(name)}].CopyFrom(${tensor})`;
}
