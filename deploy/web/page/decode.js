// Copyright 2026 The DDRNet Toolkit Authors. SPDX-License-Identifier: Apache-2.0
// From a picture file to RGB of 8 bits, by the browser's own decoders.

const PNG = [137, 80, 78, 71, 13, 10, 26, 10];
const PNG_BIT_DEPTH = 24;

/**
 * @param {Blob} file
 * @returns {Promise<import("./transforms.js").Picture>} upright by EXIF, colours as stored
 */
export async function decode(file) {
  const head = new Uint8Array(await file.slice(0, PNG_BIT_DEPTH + 1).arrayBuffer());
  if (PNG.every((value, i) => head[i] === value) && head[PNG_BIT_DEPTH] === 16) {
    throw new Error("the picture has 16 bits, of which a browser gives 8; deploy/python/infer.py takes it");
  }
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" }).catch(() => {
    throw new Error("the file is damaged, or not a picture that this browser reads (PNG, JPEG, WebP, BMP)");
  });
  const { width, height } = bitmap;
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  const rgba = pen.getImageData(0, 0, width, height).data;
  const data = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    // A canvas does not keep the colours of transparent pixels.
    if (rgba[from + 3] !== 255) throw new Error("the picture is transparent in places; save it without transparency");
    data[to++] = rgba[from];
    data[to++] = rgba[from + 1];
    data[to++] = rgba[from + 2];
  }
  return { data, width, height };
}
