import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor } from '../src/api/signatures';
import { mappingOf, valueOf } from '../src/tryit/csv/mapping';
import { hasHeader, rowsOf } from '../src/tryit/csv/rows';

const tensor = (name: string, type: string, shape: string): Tensor => ({
  name,
  type,
  shape,
  isOptional: false,
});

test('a table is read with its quotes, whatever separates its columns', () => {
  const tables: [string, string[][]][] = [
    [
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a;b\r\n1;2\r\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    ['1\t2', [['1', '2']]],
    ['"a, b","he said ""no"""', [['a, b', 'he said "no"']]],
    ['"two\nlines",2', [['two\nlines', '2']]],
    [
      '\ufeffa,b\n\n1,',
      [
        ['a', 'b'],
        ['1', ''],
      ],
    ],
    ['"",1', [['', '1']]],
    ['', []],
  ];
  for (const [text, rows] of tables) {
    assert.deepEqual(rowsOf(text), rows, JSON.stringify(text));
  }
});

test('names of columns are known by there being no numbers in them', () => {
  assert.equal(hasHeader(rowsOf('width,height\n1,2')), true);
  assert.equal(hasHeader(rowsOf('1,2\n3,4')), false);
  assert.equal(hasHeader(rowsOf('a,b\nc,d')), false);
});

test('columns go to inputs of their names, or in their order', () => {
  const fields = [tensor('age', 'int64', '[n]'), tensor('city', 'string', '[n]')];
  const rows = rowsOf('Oslo,41,x');

  assert.deepEqual(mappingOf(fields, ['City', 'AGE', 'z'], rows), { age: [1], city: [0] });
  assert.deepEqual(mappingOf(fields, [], rows), { age: [0], city: [1] });
});

test('a vector takes the columns with numbers, without the class', () => {
  const features = tensor('x', 'float32', '[n, 2]');

  assert.deepEqual(mappingOf([features], ['id', 'a', 'b', 'class'], rowsOf('7,1,2,0')), {
    x: [1, 2],
  });
  assert.deepEqual(mappingOf([features], [], rowsOf('setosa,1,2')), { x: [1, 2] });
});

test('a row becomes what the input takes', () => {
  const given: [Tensor, string[], unknown][] = [
    [tensor('x', 'float32', '[n, 2]'), ['1', '2.5'], [[1, 2.5]]],
    [
      tensor('x', 'float32', '[n, 2, 2]'),
      ['1', '2', '3', '4'],
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ],
    [tensor('x', 'float32', '[]'), ['1'], 1],
    [tensor('x', 'string', '[n, 1]'), ['1'], [['1']]],
    [tensor('x', 'bool', '[n]'), ['True'], [true]],
    [tensor('x', 'int64', '[n]'), ['many'], ['many']],
    [tensor('x', 'float32', '[n, n]'), ['1', '2', '3'], [[1, 2, 3]]],
    [tensor('x', 'float32', '[n, 3]'), ['1', '2'], [[1, 2]]],
  ];
  for (const [field, row, value] of given) {
    const places = row.map((_, place) => place);
    assert.deepEqual(valueOf(field, places, row), value, `${field.type} ${field.shape}`);
  }
});
