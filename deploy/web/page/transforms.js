// Copyright 2026 The DDRNet Toolkit Authors. SPDX-License-Identifier: Apache-2.0
// The transforms of deploy.yaml on pictures of 8 bits, with the names and numbers of paddleseg/transforms. build.py has
// checked their arguments and filled in missing ones.

/** @typedef {{data: Uint8Array, height: number, width: number}} Picture RGB, row by row */

const MOST_PIXELS = 2 ** 30; // of a picture after the transforms
const COEFFICIENT = 2048; // OpenCV's 8-bit resize has weights in units of 1/2048

/**
 * @param {Picture} picture
 * @param {{type: string}[]} specs
 * @returns {{picture: Picture, transInfo: import("./way_back.js").Change[]}}
 */
export function prepare(picture, specs) {
  const transInfo = [];
  for (const spec of specs) {
    if (!Object.hasOwn(TRANSFORMS, spec.type)) throw new Error(`there is no transform ${spec.type} in this page`);
    const [kind, made] = TRANSFORMS[spec.type](picture, spec);
    if (kind) transInfo.push([kind, [picture.height, picture.width]]);
    picture = made;
  }
  return { picture, transInfo };
}

/**
 * Normalised planes (C, H, W): (x - shift) * scale in float32.
 * @param {Picture} picture
 * @param {{shift: number[], scale: number[]} | null} normalize one number for each channel
 */
export function toPlanes({ data, height, width }, normalize) {
  const area = height * width;
  const planes = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    const [shift, scale] = normalize ? [normalize.shift[channel], normalize.scale[channel]] : [0, 1];
    const table = Float32Array.from({ length: 256 }, (_, value) => Math.fround(value - shift) * scale);
    for (let i = 0; i < area; i++) planes[channel * area + i] = table[data[3 * i + channel]];
  }
  return planes;
}

const TRANSFORMS = {
  Resize(picture, { target_size: target, keep_ratio: keepsRatio, size_divisor: divisor, interp }) {
    let size = target;
    if (keepsRatio) {
      const { width, height } = picture;
      const ofLong = Math.max(...target) / Math.max(width, height);
      const ofShort = Math.min(...target) / Math.min(width, height);
      size = scaledSize(picture, Math.min(ofLong, ofShort));
    }
    if (divisor !== null) size = size.map((side) => Math.ceil(side / divisor) * divisor);
    return ["resize", resize(picture, size, interp)];
  },
  ResizeByLong(picture, { long_size: long }) {
    return resizeBy(picture, long / Math.max(picture.width, picture.height));
  },
  ResizeByShort(picture, { short_size: wanted, max_size: most }) {
    const [short, long] = [picture.height, picture.width].sort((a, b) => a - b);
    const target = (wanted / short) * long > most ? Math.trunc((most / long) * short) : wanted;
    return resizeBy(picture, target / short);
  },
  LimitLong(picture, { max_long: most, min_long: least }) {
    return limit(picture, Math.max(picture.width, picture.height), most, least);
  },
  LimitShort(picture, { max_short: most, min_short: least }) {
    return limit(picture, Math.min(picture.width, picture.height), most, least);
  },
  Padding(picture, { target_size: [width, height], im_padding_value: value }) {
    if (picture.width > width || picture.height > height) {
      throw new Error(
        `the picture is ${picture.width}x${picture.height}, larger than Padding.target_size ${width}x${height}`,
      );
    }
    return ["padding", pad(picture, [width, height], value)];
  },
  PaddingByAspectRatio(picture, { aspect_ratio: ratio, im_padding_value: value }) {
    const { width, height } = picture;
    const isWide = width > height * ratio;
    const size = isWide ? [width, Math.trunc(width / ratio)] : [Math.trunc(height * ratio), height];
    return size[0] === width && size[1] === height ? [null, picture] : ["padding", pad(picture, size, value)];
  },
};

function resizeBy(picture, scale) {
  return ["resize", resize(picture, scaledSize(picture, scale), "LINEAR")];
}

function limit(picture, side, most, least) {
  if (most !== null && side > most) return resizeBy(picture, most / side);
  if (least !== null && side < least) return resizeBy(picture, least / side);
  return [null, picture];
}

function scaledSize({ width, height }, scale) {
  return [width * scale, height * scale].map((side) => Math.max(roundHalfToEven(side), 1));
}

function roundHalfToEven(value) {
  const whole = Math.floor(value);
  const rest = value - whole;
  return rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? whole + 1 : whole;
}

function blank([width, height], fill) {
  if (width * height > MOST_PIXELS) throw new Error(`the transforms would make ${width}x${height} pixels of the picture`);
  return { data: new Uint8Array(3 * width * height).fill(fill), width, height };
}

/** Below and on the right, at least to [width, height]. */
function pad(picture, [width, height], value) {
  const padded = blank([Math.max(width, picture.width), Math.max(height, picture.height)], roundHalfToEven(value));
  for (let y = 0; y < picture.height; y++) {
    padded.data.set(picture.data.subarray(3 * y * picture.width, 3 * (y + 1) * picture.width), 3 * y * padded.width);
  }
  return padded;
}

function resize(picture, size, interp) {
  return interp === "NEAREST" ? resizeToNearest(picture, size) : resizeLinearly(picture, size);
}

function resizeToNearest(picture, size) {
  const made = blank(size, 0);
  const columns = nearest(picture.width, made.width);
  nearest(picture.height, made.height).forEach((row, y) => {
    columns.forEach((column, x) => {
      const from = 3 * (row * picture.width + column);
      made.data.set(picture.data.subarray(from, from + 3), 3 * (y * made.width + x));
    });
  });
  return made;
}

function nearest(source, target) {
  return Array.from({ length: target }, (_, i) => Math.min(Math.trunc(i * (source / target)), source - 1));
}

/** Like OpenCV in integers; some of its loops round once less, a difference of at most one grey level. */
function resizeLinearly(picture, size) {
  const made = blank(size, 0);
  const columns = neighbours(picture.width, made.width);
  const lines = new Map(); // the last two stretched rows
  const stretched = (row) => {
    if (!lines.has(row)) {
      if (lines.size > 1) lines.delete(lines.keys().next().value);
      lines.set(row, stretch(picture, row, columns));
    }
    return lines.get(row);
  };
  neighbours(picture.height, made.height).forEach(([above, below, ofAbove, ofBelow], y) => {
    const [top, bottom] = [stretched(above), stretched(below)];
    for (let i = 0; i < 3 * made.width; i++) {
      const sum = (((top[i] >> 4) * ofAbove) >> 16) + (((bottom[i] >> 4) * ofBelow) >> 16);
      made.data[3 * made.width * y + i] = (sum + 2) >> 2;
    }
  });
  return made;
}

function stretch({ data, width }, row, columns) {
  const line = new Int32Array(3 * columns.length);
  const start = 3 * row * width;
  columns.forEach(([left, right, ofLeft, ofRight], x) => {
    for (let channel = 0; channel < 3; channel++) {
      line[3 * x + channel] = data[start + 3 * left + channel] * ofLeft + data[start + 3 * right + channel] * ofRight;
    }
  });
  return line;
}

/** For each pixel after a resize its two source neighbours, and their weights in units of 1/2048. */
function neighbours(source, target) {
  return Array.from({ length: target }, (_, i) => {
    const place = Math.fround((i + 0.5) * (source / target) - 0.5);
    const before = Math.min(Math.max(Math.floor(place), 0), source - 1);
    const share = place < 0 || before >= source - 1 ? 0 : Math.fround(place - before);
    return [
      before, Math.min(before + 1, source - 1), roundHalfToEven(Math.fround(1 - share) * COEFFICIENT),
      roundHalfToEven(share * COEFFICIENT),
    ];
  });
}
