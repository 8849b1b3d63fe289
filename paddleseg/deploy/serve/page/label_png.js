// Copyright 2026 The DDRNet Toolkit Authors. SPDX-License-Identifier: Apache-2.0
// The class ids in a PNG of 8-bit grey or palette values. A canvas would give colours, which two classes may share and
// which browsers with protection against fingerprinting change.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/**
 * @param {Uint8Array} bytes a whole file, not interlaced
 * @returns {Promise<{width: number, height: number, ids: Uint8Array}>} ids row by row
 */
export async function readLabels(bytes) {
  if (!SIGNATURE.every((value, i) => bytes[i] === value)) throw new Error("not a PNG file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = [];
  let width = 0;
  let height = 0;
  for (let at = 8; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const start = at + 8;
    if (kind === "IHDR") {
      width = view.getUint32(start);
      height = view.getUint32(start + 4);
      const [depth, colours, , , interlace] = bytes.subarray(start + 8, start + 13);
      if (depth !== 8 || (colours !== 0 && colours !== 3) || interlace) throw new Error("not a label PNG");
    } else if (kind === "IDAT") {
      parts.push(bytes.subarray(start, start + length));
    }
    at = start + length + 4;
  }
  const inflated = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  const lines = new Uint8Array(await new Response(inflated).arrayBuffer());
  return { width, height, ids: unfilter(lines, width, height) };
}

/** Undo the filter of each line (PNG specification, section 9), one byte a pixel. */
function unfilter(lines, width, height) {
  const ids = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const filter = lines[y * (width + 1)];
    const from = y * (width + 1) + 1;
    const to = y * width;
    for (let x = 0; x < width; x++) {
      const left = x ? ids[to + x - 1] : 0;
      const up = y ? ids[to + x - width] : 0;
      const corner = x && y ? ids[to + x - width - 1] : 0;
      ids[to + x] = lines[from + x] + predicted(filter, left, up, corner);
    }
  }
  return ids;
}

function predicted(filter, left, up, corner) {
  switch (filter) {
    case 0: return 0;
    case 1: return left;
    case 2: return up;
    case 3: return (left + up) >> 1;
    case 4: return paeth(left, up, corner);
    default: throw new Error("damaged PNG");
  }
}

function paeth(left, up, corner) {
  const estimate = left + up - corner;
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(estimate - value));
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
