/** A menu where JupyterLab's are not: arrows move, Enter chooses, Escape closes. */

export interface Item {
  readonly label: string;
  readonly isOn?: boolean;
  readonly choose: () => void;
}

/** Open a menu at a place of the window; the focus goes back to where it was. */
export function popup(title: string, x: number, y: number, items: readonly Item[]): void {
  const back = document.activeElement;
  const menu = document.createElement('div');
  menu.className = 'jp-tfs jp-tfs-Menu';
  menu.setAttribute('role', 'menu');
  menu.setAttribute('aria-label', title);
  menu.popover = 'auto'; // in front of all else, and closed by a click elsewhere
  const buttons = items.map((item) => {
    const button = document.createElement('button');
    button.textContent = item.label;
    button.tabIndex = -1;
    button.setAttribute('role', item.isOn === undefined ? 'menuitem' : 'menuitemcheckbox');
    if (item.isOn !== undefined) {
      button.setAttribute('aria-checked', String(item.isOn));
    }
    button.addEventListener('click', () => {
      menu.hidePopover();
      item.choose();
    });
    return button;
  });
  menu.append(...buttons);
  menu.addEventListener('keydown', (event) => moved(event, buttons));
  menu.addEventListener('toggle', () => {
    if (!menu.matches(':popover-open')) {
      menu.remove();
      if (back instanceof HTMLElement && document.activeElement === document.body) {
        back.focus();
      }
    }
  });
  document.body.append(menu);
  menu.showPopover();
  const { width, height } = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(0, Math.min(x, window.innerWidth - width))}px`;
  menu.style.top = `${Math.max(0, Math.min(y, window.innerHeight - height))}px`;
  buttons[0]?.focus();
}

function moved(event: KeyboardEvent, buttons: readonly HTMLButtonElement[]): void {
  const at = buttons.findIndex((each) => each === document.activeElement);
  const last = buttons.length - 1;
  const next: Readonly<Record<string, number>> = {
    ArrowDown: at < last ? at + 1 : 0,
    ArrowUp: at > 0 ? at - 1 : last,
    Home: 0,
    End: last,
  };
  const to = next[event.key];
  if (to !== undefined) {
    event.preventDefault();
    event.stopPropagation();
    buttons[to]?.focus();
  }
}
