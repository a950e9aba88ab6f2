import * as React from 'react';
import { useSnapshot, useTools } from '../ui/tools';
import { Metadata } from './Metadata';
import { OfModel } from './OfModel';
import { OutputNotices } from './Frame';
import { Prediction } from './Prediction';
import { Problem } from './Problem';
import { Served } from './Served';
import { savedIn, sightOf, type Sight } from './sight';
import type { PanelSpec } from './spec';
import { Status } from './Status';
import { titleOf } from './titles';
import { useInSight } from './useInSight';
import { Whole } from './Whole';

interface Props {
  readonly spec: PanelSpec;
}

/** What a magic showed: live where the server part answers, else as it was. */
export function Output({ spec }: Props): React.JSX.Element {
  const { panel, trans } = useTools();
  const [place, isInSight] = useInSight();
  const told = useSnapshot(isInSight);
  const saved = React.useMemo(() => savedIn(spec), [spec]);
  const sight = sightOf(spec, told, saved);
  const id = React.useId();
  return (
    <div
      ref={place}
      className="jp-tfs jp-tfs-Cell"
      role="group" // no landmark: a notebook has many that are alike
      aria-label={titleOf(trans, spec)}
      onClickCapture={() => {
        panel.currentView = id;
      }}
    >
      <div className={`jp-tfs-Output${sight.mode === 'stale' ? ' jp-mod-stale' : ''}`}>
        <Body spec={spec} sight={sight} isInSight={isInSight} />
        <OutputNotices id={id} sight={sight} />
      </div>
    </div>
  );
}

interface BodyProps extends Props {
  readonly sight: Sight;
  readonly isInSight: boolean;
}

function Body({ spec, sight, isInSight }: BodyProps): React.JSX.Element {
  switch (spec.kind) {
    case 'served':
      return <Served spec={spec} sight={sight} isInSight={isInSight} />;
    case 'status':
      return <Status spec={spec} sight={sight} isInSight={isInSight} />;
    case 'metadata':
      return <Metadata spec={spec} sight={sight} />;
    case 'prediction':
      return <Prediction spec={spec} sight={sight} />;
    case 'problem':
      return <Problem spec={spec} sight={sight} />;
    case 'panel':
      return <Whole spec={spec} sight={sight} isInSight={isInSight} />;
    case 'metrics':
    case 'try':
    case 'draw':
      return <OfModel spec={spec} sight={sight} />;
  }
}
