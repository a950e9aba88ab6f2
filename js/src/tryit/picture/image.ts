/** Opens pictures: files of any kind that the browser shows, and files as bytes. */

import type { Grid } from './resize';

const LARGEST_SIDE = 4096;

/** The pixels of a picture, three channels of 0 to 1; what is transparent is white. */
export async function opened(file: Blob): Promise<Grid> {
  const bitmap = await bitmapOf(file);
  const scale = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const [columns, rows] = [bitmap.width, bitmap.height].map((side) =>
    Math.max(1, Math.round(side * scale)),
  ) as [number, number];
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) {
    throw new Error('This browser gives no access to pixels.');
  }
  context.fillStyle = '#fff';
  context.fillRect(0, 0, columns, rows);
  context.drawImage(bitmap, 0, 0, columns, rows);
  const { data } = context.getImageData(0, 0, columns, rows);
  const values = new Float32Array(rows * columns * 3);
  for (let place = 0; place < rows * columns; place += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      values[place * 3 + channel] = (data[place * 4 + channel] ?? 0) / 255;
    }
  }
  return { values, rows, columns, channels: 3 };
}

type Drawable = CanvasImageSource & { readonly width: number; readonly height: number };

async function bitmapOf(file: Blob): Promise<Drawable> {
  try {
    return await createImageBitmap(file);
  } catch {
    return loaded(file); // drawings like SVG have no pixels before they are shown
  }
}

async function loaded(file: Blob): Promise<Drawable> {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  } finally {
    URL.revokeObjectURL(url);
  }
}

export async function base64Of(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (let start = 0; start < bytes.length; start += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return btoa(text);
}
