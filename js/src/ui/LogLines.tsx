import * as React from 'react';
import { partsOf } from '../format/logline';

/** Lines of the model server's log, as they are: text, never markup. */
export function LogLines(props: {
  readonly label: string;
  readonly lines: readonly string[];
}): React.JSX.Element {
  const list = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    list.current?.scrollTo(0, list.current.scrollHeight); // the last line tells most
  }, [props.lines]);
  return (
    <div
      ref={list}
      className="jp-tfs-Log"
      tabIndex={0}
      role="log"
      aria-label={props.label}
      aria-live="off"
    >
      {props.lines.map((line, index) => {
        const { time, level, text } = partsOf(line);
        return (
          <p key={index} className={level === 'info' ? undefined : `jp-mod-${level}`}>
            <time>{time.slice(0, 'HH:MM:SS'.length)}</time>
            <span>
              {level !== 'info' && <b>{level === 'warn' ? 'WARN' : 'ERROR'}</b>}
              {text}
            </span>
          </p>
        );
      })}
    </div>
  );
}
