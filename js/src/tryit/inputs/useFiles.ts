/** Files that come by a chooser, by being dropped, or by being pasted. */

import * as React from 'react';

interface Places {
  readonly isOver: boolean;
  readonly zone: React.HTMLAttributes<HTMLElement>;
  readonly choose: () => void;
}

export function useFiles(accept: string, onFile: (file: File) => void): Places {
  const [isOver, setOver] = React.useState(false);
  const take = (data: DataTransfer | null, event: React.SyntheticEvent): void => {
    const [file] = [...(data?.files ?? [])];
    if (file) {
      event.preventDefault();
      event.stopPropagation();
      onFile(file);
    }
  };
  const hover = (isNow: boolean) => (event: React.DragEvent) => {
    if (event.dataTransfer.types.includes('Files')) {
      event.preventDefault();
      event.stopPropagation();
      setOver(isNow);
    }
  };
  return {
    isOver,
    choose: () => {
      const chooser = document.createElement('input');
      chooser.type = 'file';
      chooser.accept = accept;
      chooser.onchange = () => {
        const [file] = [...(chooser.files ?? [])];
        if (file) {
          onFile(file);
        }
      };
      chooser.click();
    },
    zone: {
      tabIndex: 0,
      role: 'group',
      onDragEnter: hover(true),
      onDragOver: hover(true),
      onDragLeave: hover(false),
      onDrop: (event) => {
        setOver(false);
        take(event.dataTransfer, event);
      },
      onPaste: (event) => take(event.clipboardData, event),
    },
  };
}
