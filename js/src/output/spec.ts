/**
 * What an output of a magic is, as tfs_magics/views/spec.py writes it into a notebook: its kind,
 * whom it is about, what its line did, and the state of the server at that time.
 *
 * A notebook comes from anywhere, so this is guarded like what comes from the network.
 */

import { isStatus } from '../api/entries';
import {
  dictOf,
  isNumber,
  isText,
  listOf,
  oneOf,
  optional,
  orNull,
  shape,
  type Guard,
  type Guarded,
} from '../api/guards';

export const MIME_TYPE = 'application/vnd.tfs.panel+json';

const isFormat: Guard<1> = (value): value is 1 => value === 1;

/** Rows or columns of a drawing: what a notebook says is room that a page takes. */
const MOST_PIXELS = 1024;
const isSide: Guard<number> = (value): value is number =>
  isNumber(value) && Number.isInteger(value) && value > 0 && value <= MOST_PIXELS;

const common = {
  format: isFormat,
  model: optional(isText),
  /** Several models that a table is about; without them, and without a model, all of them. */
  models: optional(listOf(isText)),
  versions: optional(listOf(isNumber)),
  label: optional(isText),
  labels: optional(listOf(isText)),
  signature: optional(isText),
  /** Height and width of what is drawn, and the value of full ink. */
  size: optional(listOf(isSide)),
  max: optional(isNumber),
  /** The server, its models that this is about, and the last sample, as they were. */
  saved: optional(orNull(isStatus)),
  /** Which server that was; the same one says the same in its status. */
  host: optional(isText),
  at: isNumber,
};

const isTensor = shape({ name: isText, type: isText, shape: isText });
const isAnyFacts = optional(dictOf((value: unknown): value is unknown => value !== undefined));

const isServed = shape({
  ...common,
  kind: oneOf('served'),
  facts: shape({
    answers: listOf(shape({ model: isText, version: orNull(isNumber), reason: isText })),
    steps: listOf(
      shape({ what: oneOf('started', 'exported', 'loaded', 'tested'), seconds: isNumber }),
    ),
    rest: isText,
    grpc: isText,
    notes: listOf(isText),
    next: listOf(isText),
  }),
});

const isMetadata = shape({
  ...common,
  kind: oneOf('metadata'),
  model: isText,
  facts: shape({
    version: isNumber,
    same: listOf(isNumber),
    signatures: listOf(
      shape({
        name: isText,
        method: isText,
        also: listOf(isText),
        tensors: listOf(
          shape({
            side: oneOf('in', 'out'),
            name: isText,
            type: isText,
            shape: isText,
            note: isText,
          }),
        ),
      }),
    ),
  }),
});

const isPrediction = shape({
  ...common,
  kind: oneOf('prediction'),
  model: isText,
  facts: shape({
    version: isNumber,
    labels: listOf(isText),
    rows: isNumber,
    seconds: isNumber,
    waited: orNull(isNumber),
    batch: orNull(isNumber),
    input: isText,
    answers: listOf(
      shape({ class: isNumber, part: isNumber, then: isNumber, then_part: isNumber }),
    ),
    /** Of each row, its pixels line by line as digits from 0 to 8. */
    images: orNull(shape({ height: isNumber, width: isNumber, shades: listOf(isText) })),
  }),
});

const isProblem = shape({
  ...common,
  kind: oneOf('problem'),
  facts: shape({
    title: isText,
    remedy: isText,
    expected: orNull(isTensor),
    got: orNull(isTensor),
    wrong: orNull(oneOf('type', 'shape')),
    /** A line that does what was meant. */
    cell: optional(isText),
    lines: listOf(isText),
  }),
});

const isOfServer = shape({ ...common, kind: oneOf('status', 'panel'), facts: isAnyFacts });
const isOfModel = shape({
  ...common,
  kind: oneOf('metrics', 'try', 'draw'),
  model: isText,
  facts: isAnyFacts,
});

export type ServedSpec = Guarded<typeof isServed>;
export type MetadataSpec = Guarded<typeof isMetadata>;
export type PredictionSpec = Guarded<typeof isPrediction>;
export type ProblemSpec = Guarded<typeof isProblem>;
export type ServerSpec = Guarded<typeof isOfServer>;
export type ModelSpec = Guarded<typeof isOfModel>;

export type PanelSpec =
  ServedSpec | MetadataSpec | PredictionSpec | ProblemSpec | ServerSpec | ModelSpec;

export const isSpec: Guard<PanelSpec> = (value): value is PanelSpec =>
  [isServed, isMetadata, isPrediction, isProblem, isOfServer, isOfModel].some((guard) =>
    guard(value),
  );
