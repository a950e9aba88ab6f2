import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

/** An icon that only illustrates: what it means is said beside it. */
export function Icon({ icon }: { readonly icon: LabIcon }): React.JSX.Element {
  return (
    <span className="jp-tfs-Icon" aria-hidden="true">
      <icon.react tag={null} />
    </span>
  );
}

interface IconButtonProps {
  readonly icon: LabIcon;
  readonly label: string;
  readonly onClick: (event: React.MouseEvent<HTMLElement>) => void;
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  readonly tabIndex?: number;
}

export function IconButton(props: IconButtonProps): React.JSX.Element {
  return (
    <button
      type="button"
      className="jp-tfs-IconButton"
      aria-label={props.label}
      aria-pressed={props.pressed}
      title={props.label}
      disabled={props.disabled}
      tabIndex={props.tabIndex}
      onClick={(event) => {
        event.stopPropagation();
        props.onClick(event);
      }}
    >
      <Icon icon={props.icon} />
    </button>
  );
}

interface ButtonProps {
  readonly children: React.ReactNode;
  readonly onClick: (event: React.MouseEvent<HTMLElement>) => void;
  readonly icon?: LabIcon;
  readonly kind?: 'accept' | 'warn';
  readonly disabled?: boolean;
  readonly large?: boolean;
  readonly pressed?: boolean;
}

export function Button(props: ButtonProps): React.JSX.Element {
  const size = props.large ? '' : ' jp-mod-small';
  const kind = props.kind ? ` jp-mod-${props.kind}` : '';
  return (
    <button
      type="button"
      className={`jp-tfs-Button${size}${kind}`}
      aria-pressed={props.pressed}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      {props.icon && <Icon icon={props.icon} />}
      {props.children}
    </button>
  );
}
