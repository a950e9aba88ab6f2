import * as React from 'react';
import { isNumber, isObject, isText, listOf, optional, shape } from '../api/guards';
import { useInSight } from '../output/useInSight';
import { Canvas } from '../tryit/Canvas';
import { DrawAndAsk } from '../tryit/Draw';
import type { Drawn } from '../tryit/drawing/useDrawing';
import { useSnapshot, useTools } from '../ui/tools';
import type { WidgetModel } from './model';
import { useTrait } from './useTrait';

const isDrawing = shape({
  model: optional(isText),
  signature: optional(isText),
  size: listOf(isNumber),
  max: optional(isNumber),
  versions: optional(listOf(isNumber)),
  labels: optional(listOf(isText)),
});

interface Props {
  readonly model: WidgetModel;
}

/** A canvas whose drawing Python has; with a model it is asked what is drawn. */
export function Drawing({ model }: Props): React.JSX.Element | null {
  const spec = useTrait(model, 'spec');
  const turn = useTrait(model, '_turn');
  const { trans } = useTools();
  const [place, isInSight] = useInSight();
  const known = useSnapshot(isInSight);
  if (!isDrawing(spec)) {
    return null;
  }
  const [rows = 1, columns = 1] = spec.size;
  const size = [rows, columns] as const;
  const first = pixelsIn(model);
  const served = known.models.find((each) => each.name === spec.model);
  const common = {
    size,
    ...(first ? { pixels: first } : {}),
    onPixels: (pixels: Float32Array, ended: boolean, drawn: Drawn) =>
      tell(model, pixels, ended, drawn),
  };
  const targets = [...(spec.labels ?? []), ...(spec.versions ?? []).map(String)];
  return (
    <div
      ref={place}
      className="jp-tfs jp-tfs-Cell"
      role="group"
      aria-label={trans.__('Drawing canvas')}
    >
      <div className="jp-tfs-Output" key={String(turn)}>
        {served ? (
          <DrawAndAsk
            model={served}
            {...(spec.max === undefined ? {} : { max: spec.max })}
            {...common}
            onAnswers={(answers) => tellAnswers(model, answers)}
            {...(spec.signature === undefined ? {} : { signature: spec.signature })}
            {...(targets.length === 0 ? {} : { targets })}
            compact
          />
        ) : (
          <Canvas {...common} max={spec.max ?? 1} label={spec.model ?? trans.__('a drawing')} />
        )}
        {spec.model !== undefined && !served && known.server !== null && (
          <p className="jp-tfs-muted">{trans.__('%1 is not served.', spec.model)}</p>
        )}
      </div>
    </div>
  );
}

/** What Python has of the drawing: after a reload of the page it is there again. Null without ink. */
function pixelsIn(model: WidgetModel): Float32Array | null {
  const bytes = model.get('_pixels');
  if (!(bytes instanceof DataView) || bytes.byteLength === 0) {
    return null;
  }
  const count = bytes.byteLength / 4;
  const pixels = Float32Array.from({ length: count }, (_, place) =>
    bytes.getFloat32(place * 4, true),
  );
  return pixels.some((each) => each > 0) ? pixels : null;
}

const MOST_FINE = 256;

/** Tell Python what is drawn; when the pen is lifted, also many times as fine. */
function tell(model: WidgetModel, pixels: Float32Array, ended: boolean, drawn: Drawn): void {
  const [rows, columns] = drawn.size;
  const times = Math.max(1, Math.min(8, Math.floor(MOST_FINE / Math.max(rows, columns))));
  const fine = ended ? drawn.at(rows * times, columns * times) : null;
  model.set('_size', [rows, columns]);
  model.set('_pixels', new DataView(pixels.slice().buffer));
  model.set('_fine', new DataView(Uint8Array.from(fine ?? [], (each) => each * 255).buffer));
  if (!pixels.some((each) => each > 0)) {
    model.set('_answers', {});
  }
  model.save_changes();
}

/** Tell Python what each version answered, as it came. */
function tellAnswers(model: WidgetModel, answers: ReadonlyMap<number, unknown>): void {
  const outputs = [...answers].map(([version, answer]) => [
    String(version),
    isObject(answer) ? (answer['outputs'] ?? answer['predictions'] ?? null) : null,
  ]);
  model.set('_answers', Object.fromEntries(outputs));
  model.save_changes();
}
