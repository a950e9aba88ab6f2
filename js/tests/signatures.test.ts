import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleOf, signaturesOf } from '../src/api/signatures';

const tensor = (dtype: string, ...sizes: string[]) => ({
  dtype,
  tensor_shape: { dim: sizes.map((size) => ({ size, name: '' })), unknown_rank: false },
  name: 'x:0',
});

const ANSWER = {
  metadata: {
    signature_def: {
      signature_def: {
        features: { inputs: {}, outputs: {}, method_name: 'tensorflow/serving/predict' },
        serving_default: {
          inputs: { image: tensor('DT_FLOAT', '-1', '2', '2'), threshold: tensor('DT_FLOAT') },
          outputs: { class: tensor('DT_INT64', '-1') },
          method_name: 'tensorflow/serving/predict',
          defaults: { threshold: { dtype: 'DT_FLOAT' } },
        },
        __saved_model_init_op: { outputs: {} },
      },
    },
  },
};

test('metadata is read as numpy would write it, the default signature first', () => {
  const [first, second, ...more] = signaturesOf(ANSWER) ?? [];
  assert.deepEqual(first, {
    name: 'serving_default',
    method: 'predict',
    inputs: [
      { name: 'image', type: 'float32', shape: '[n, 2, 2]', isOptional: false },
      { name: 'threshold', type: 'float32', shape: '[]', isOptional: true },
    ],
    outputs: [{ name: 'class', type: 'int64', shape: '[n]', isOptional: false }],
  });
  assert.deepEqual([second?.name, more.length], ['features', 0]);
});

test('the example has one row of what is required', () => {
  const [signature] = signaturesOf(ANSWER) ?? [];
  assert.deepEqual(signature && exampleOf(signature), {
    image: [
      [
        [0, 0],
        [0, 0],
      ],
    ],
  });
});

test('what is no metadata has no signatures', () => {
  assert.equal(signaturesOf({ error: 'no' }), null);
});
