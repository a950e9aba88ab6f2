/**
 * What each widget carries: gets the views to the page, once, and hands over to them.
 *
 * The first widget of a kernel has the code in its state, so that it is shown while a cell runs and
 * nobody can answer. Where that one is gone, another asks for the code by a message.
 */

import type { Custom, Shown, WidgetModel } from './model';

interface Views {
  readonly render: (shown: Shown) => () => void;
}

interface Known {
  readonly code: Promise<DataView>;
  readonly give: (code: DataView) => void;
  given: boolean;
  asked: boolean;
  views?: Promise<Views>;
}

const PATIENCE_MS = 5000;
const page = globalThis as { tfsMagicsViews?: Map<string, Known> };

function known(model: WidgetModel): Known {
  const digest = String(model.get('_digest'));
  const all = (page.tfsMagicsViews ??= new Map<string, Known>());
  let found = all.get(digest);
  if (!found) {
    let give: (code: DataView) => void = () => undefined;
    const code = new Promise<DataView>((resolve) => (give = resolve));
    found = { code, give, given: false, asked: false };
    all.set(digest, found);
  }
  const code = model.get('_code');
  if (code instanceof DataView && code.byteLength > 0) {
    found.give(code);
    found.given = true;
  }
  return found;
}

/** Ask for the code, unless it is there or somebody has just asked; stop when told. */
function ask(model: WidgetModel, views: Known): () => void {
  const heard: Custom = (content, [code]) => {
    if ((content as { kind?: unknown }).kind === 'views' && code) {
      views.give(code);
      views.given = true;
    }
  };
  const send = (): void => {
    if (!views.given) {
      model.send({ kind: 'views' });
    }
  };
  model.on('msg:custom', heard);
  const timer = setTimeout(send, views.asked ? PATIENCE_MS : 0);
  views.asked = true;
  return () => {
    clearTimeout(timer);
    model.off('msg:custom', heard);
  };
}

async function imported(code: DataView): Promise<Views> {
  const bytes = new Blob([code]).stream();
  const text = await new Response(bytes.pipeThrough(new DecompressionStream('gzip'))).text();
  const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  try {
    return (await import(/* webpackIgnore: true */ url)) as Views;
  } finally {
    URL.revokeObjectURL(url);
  }
}

export default {
  initialize({ model }: Shown): void {
    known(model);
  },

  async render(shown: Shown): Promise<() => void> {
    const views = known(shown.model);
    const stop = ask(shown.model, views);
    const { render } = await (views.views ??= views.code.then(imported)).finally(stop);
    return render(shown);
  },
};
