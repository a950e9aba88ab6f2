import * as React from 'react';
import type { Model } from '../api/entries';
import { MetricsTab } from '../page/metrics/MetricsTab';
import { DrawAndAsk } from '../tryit/Draw';
import { TryIt } from '../tryit/TryIt';
import { useTools } from '../ui/tools';
import { Head, SavedHint, SavedState } from './Frame';
import type { Sight } from './sight';
import type { ModelSpec } from './spec';

interface Props {
  readonly spec: ModelSpec;
  readonly sight: Sight;
}

/** A part of the model's page, in a cell. */
export function OfModel({ spec, sight }: Props): React.JSX.Element {
  const { trans } = useTools();
  const model = sight.known.models.find((each) => each.name === spec.model);
  const isSaved = sight.mode === 'saved';
  if (model && !isSaved) {
    return (
      <>
        {spec.kind !== 'draw' && <Head title={spec.model} />}
        <Part spec={spec} sight={sight} model={model} />
      </>
    );
  }
  return (
    <>
      <Head title={spec.model}>
        {isSaved ? (
          <SavedState at={spec.at} />
        ) : (
          <span className="jp-tfs-muted">{trans.__('is not served')}</span>
        )}
      </Head>
      <SavedHint sight={sight} />
    </>
  );
}

function Part(props: {
  readonly spec: ModelSpec;
  readonly sight: Sight;
  readonly model: Model;
}): React.JSX.Element {
  const { spec, model, sight } = props;
  const [height, width] = spec.size ?? [];
  const targets = targetsOf(spec);
  const asked = {
    model,
    ...(spec.signature === undefined ? {} : { signature: spec.signature }),
    ...(targets.length === 0 ? {} : { targets }),
  };
  switch (spec.kind) {
    case 'metrics':
      return <MetricsTab known={sight.known} model={model} />;
    case 'try':
      return <TryIt {...asked} compact />;
    case 'draw':
      return (
        <DrawAndAsk
          {...asked}
          {...(height === undefined || width === undefined ? {} : { size: [height, width] })}
          {...(spec.max === undefined ? {} : { max: spec.max })}
        />
      );
  }
}

/** Whom to ask: versions and labels by their names. */
function targetsOf(spec: ModelSpec): readonly string[] {
  const labels = [...(spec.labels ?? []), ...(spec.label === undefined ? [] : [spec.label])];
  return [...labels, ...(spec.versions ?? []).map(String)];
}
