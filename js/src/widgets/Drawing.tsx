import * as React from 'react';
import { isNumber, isText, listOf, optional, shape } from '../api/guards';
import { useInSight } from '../output/useInSight';
import { Canvas } from '../tryit/Canvas';
import { DrawAndAsk } from '../tryit/Draw';
import { useSnapshot, useTools } from '../ui/tools';
import type { WidgetModel } from './model';
import { useTrait } from './useTrait';

const isDrawing = shape({
  model: optional(isText),
  signature: optional(isText),
  size: listOf(isNumber),
  max: isNumber,
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
  const first = pixelsIn(model, rows * columns);
  const served = known.models.find((each) => each.name === spec.model);
  const common = {
    size,
    max: spec.max,
    ...(first ? { pixels: first } : {}),
    onPixels: (pixels: Float32Array) => tell(model, pixels),
  };
  const targets = [...(spec.labels ?? []), ...(spec.versions ?? []).map(String)];
  return (
    <section ref={place} className="jp-tfs jp-tfs-Cell" aria-label={trans.__('Drawing canvas')}>
      <div className="jp-tfs-Output" key={String(turn)}>
        {served ? (
          <DrawAndAsk
            model={served}
            {...common}
            {...(spec.signature === undefined ? {} : { signature: spec.signature })}
            {...(targets.length === 0 ? {} : { targets })}
            compact
          />
        ) : (
          <Canvas {...common} label={spec.model ?? trans.__('a drawing')} />
        )}
        {spec.model !== undefined && !served && known.server !== null && (
          <p className="jp-tfs-muted">{trans.__('%1 is not served.', spec.model)}</p>
        )}
      </div>
    </section>
  );
}

/** What Python has of the drawing: after a reload of the page it is there again. */
function pixelsIn(model: WidgetModel, count: number): Float32Array | null {
  const bytes = model.get('_pixels');
  if (!(bytes instanceof DataView) || bytes.byteLength !== count * 4) {
    return null;
  }
  return Float32Array.from({ length: count }, (_, place) => bytes.getFloat32(place * 4, true));
}

function tell(model: WidgetModel, pixels: Float32Array): void {
  model.set('_pixels', new DataView(pixels.slice().buffer));
  model.save_changes();
}
