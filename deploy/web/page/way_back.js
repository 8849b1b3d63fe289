// Copyright 2026 The DDRNet Toolkit Authors. SPDX-License-Identifier: Apache-2.0
// The way from the network's input back to the picture: the twin of paddleseg/utils/way_back.py, with the same numbers.

/** @typedef {[string, [number, number]]} Change kind, and [height, width] before it */

/**
 * The steps back; those that change nothing are left out.
 * @param {[number, number]} sizeHw height and width of the network's input
 * @param {Change[]} transInfo the size changes by the transforms, in order
 * @returns {{size: [number, number], corner: [number, number] | null}[]} corner: of a crop; null for a resize
 */
export function wayBack(sizeHw, transInfo) {
  const steps = [];
  let current = sizeHw;
  for (const [kind, changed] of transInfo.toReversed()) {
    let before = changed;
    let corner = null;
    if (kind === "padding") {
      before = changed.map((side, axis) => Math.min(side, current[axis]));
      corner = [0, 0];
    } else if (kind !== "resize") {
      throw new Error(`unknown entry ${kind} in transInfo`);
    }
    if (before[0] !== current[0] || before[1] !== current[1]) steps.push({ size: before, corner });
    current = before;
  }
  return steps;
}

/** The axes of rows and of columns from a grid of logits through the network's input to the picture. */
export function axesOf(gridHw, sizeHw, transInfo) {
  const steps = wayBack(sizeHw, transInfo);
  if (gridHw[0] !== sizeHw[0] || gridHw[1] !== sizeHw[1]) steps.unshift({ size: sizeHw, corner: null });
  return gridHw.map((source, axis) =>
    new Axis(source, steps.map(({ size, corner }) => [size[axis], corner === null ? null : corner[axis]])),
  );
}

/** How pixels are computed from the cells of a grid on one axis: each is a convex combination of `taps` neighbouring
 * cells, and consecutive pixels of the same cells are a run. Cells beyond the ends of the grid are its outermost ones.
 * length: pixels. runs: their number. starts: first pixel of each run, and the length. cells: of run r the cell of tap
 * t is
 * cells[r * taps + t]. weights: of pixel p the float32 share of tap t is weights[p * taps + t].
 */
export class Axis {
  constructor(source, steps) {
    let line = { first: Int32Array.from({ length: source + 2 }, (_, i) => i), shares: new Float64Array(source + 2).fill(1), taps: 1 };
    for (const [length, start] of steps) {
      line = withRim(start === null ? resized(line, length) : cut(line, start + 1, length));
    }
    const { first, shares, taps } = cut(line, 1, line.first.length - 2);
    this.length = first.length;
    this.taps = taps;
    this.weights = Float32Array.from(shares);
    for (let p = 0; p < this.length; p++) {
      let others = 0;
      for (let t = 1; t < taps; t++) others = Math.fround(others + this.weights[p * taps + t]);
      this.weights[p * taps] = 1 - others;
    }
    this.starts = [];
    for (let p = 0; p < this.length; p++) if (p === 0 || first[p] > first[p - 1]) this.starts.push(p);
    this.runs = this.starts.length;
    this.cells = new Int32Array(this.runs * taps);
    for (let r = 0; r < this.runs; r++) {
      for (let t = 0; t < taps; t++) {
        const padded = Math.min(first[this.starts[r]] + t, source + 1); // includes the rim of repeated cells
        this.cells[r * taps + t] = Math.min(Math.max(padded - 1, 0), source - 1);
      }
    }
    this.starts.push(this.length);
  }
}

function cut({ first, shares, taps }, start, length) {
  return { first: first.slice(start, start + length), shares: shares.slice(start * taps, (start + length) * taps), taps };
}

/** Repeats the pixels at both ends, so that the next resize has neighbours everywhere. */
function withRim({ first, shares, taps }) {
  const n = first.length;
  const rimmed = { first: new Int32Array(n + 2), shares: new Float64Array((n + 2) * taps), taps };
  for (let i = 0; i < n + 2; i++) {
    const from = Math.min(Math.max(i - 1, 0), n - 1);
    rimmed.first[i] = first[from];
    rimmed.shares.set(shares.subarray(from * taps, (from + 1) * taps), i * taps);
  }
  return rimmed;
}

/** A linear resize with half-pixel centres to `target` pixels, from pixels with a rim. */
function resized({ first, shares, taps }, target) {
  const ratio = (first.length - 2) / target;
  const places = Array.from({ length: target }, (_, i) => (i + 0.5) * ratio + 0.5);
  const shifts = places.map((place) => first[Math.trunc(place) + 1] - first[Math.trunc(place)]);
  const wide = taps + shifts.reduce((most, shift) => Math.max(most, shift), 0);
  const made = { first: new Int32Array(target), shares: new Float64Array(target * wide), taps: wide };
  places.forEach((place, i) => {
    const before = Math.trunc(place);
    const share = place - before;
    made.first[i] = first[before];
    for (let t = 0; t < taps; t++) made.shares[i * wide + t] = shares[before * taps + t] * (1 - share);
    for (let t = 0; t < taps; t++) made.shares[i * wide + shifts[i] + t] += shares[(before + 1) * taps + t] * share;
  });
  return made;
}
