// Copyright 2026 The DDRNet Toolkit Authors. SPDX-License-Identifier: Apache-2.0
// From logits at 1/8 to the label map at the picture's size: the twin of paddleseg/utils/label_map.py, which explains
// why this is correct. The same float32 operations in the same order, so that both make the same map from the same
// logits.

import { axesOf } from "./way_back.js";

const EPSILON = 2 ** -23;

/**
 * @param {Float32Array} logits (K, h, w), K at most 256
 * @param {[number, number, number]} shape K, h, w
 * @param {[number, number]} sizeHw height and width of the network's input
 * @param {import("./way_back.js").Change[]} transInfo the size changes by the transforms
 * @param {number | null} ignoredClass a class that is never predicted
 * @returns {{ids: Uint8Array, height: number, width: number}} ids row by row, at the picture's size
 */
export function labelMap(logits, [count, height, width], sizeHw, transInfo = [], ignoredClass = null) {
  const [rows, columns] = axesOf([height, width], sizeHw, transInfo);
  const classes = Array.from({ length: count }, (_, id) => id).filter((id) => id !== ignoredClass);
  const planes = classes.map((id) => logits.subarray(id * height * width, (id + 1) * height * width));
  const rounding = Math.fround(4 * EPSILON * (rows.taps + columns.taps) * largest(planes));
  const { winner, lead } = winnerAndLead(planes);
  const blocks = { planes, width, rows, columns, rounding };
  const indices = new Uint8Array(rows.length * columns.length);
  for (let i = 0; i < rows.runs; i++) {
    const [top, bottom] = [rows.starts[i], rows.starts[i + 1]];
    for (let j = 0; j < columns.runs; j++) {
      const index = winner[rows.cells[i * rows.taps] * width + columns.cells[j * columns.taps]];
      indices.fill(index, top * columns.length + columns.starts[j], top * columns.length + columns.starts[j + 1]);
    }
    for (let y = top + 1; y < bottom; y++) {
      indices.copyWithin(y * columns.length, top * columns.length, (top + 1) * columns.length);
    }
    if (rows.taps * columns.taps === 1) continue;
    for (let j = 0; j < columns.runs; j++) {
      if (!isUniform(blocks, winner, lead, i, j)) fillBorderBlock(indices, blocks, i, j);
    }
  }
  const ids = ignoredClass === null ? indices : indices.map((index) => classes[index]);
  return { ids, height: rows.length, width: columns.length };
}

/** NaN if there is one: then no block counts as uniform. */
function largest(planes) {
  let most = 0;
  for (const plane of planes) for (const value of plane) most = Math.max(most, Math.abs(value));
  return most;
}

/** The highest plane at each cell, the first of equal ones, and its lead over the next. */
function winnerAndLead(planes) {
  const best = Float32Array.from(planes[0]);
  const second = new Float32Array(best.length).fill(-Infinity);
  const winner = new Uint8Array(best.length);
  for (let index = 1; index < planes.length; index++) {
    const plane = planes[index];
    for (let at = 0; at < best.length; at++) {
      if (plane[at] > best[at]) winner[at] = index;
      second[at] = Math.max(second[at], Math.min(plane[at], best[at]));
      best[at] = Math.max(best[at], plane[at]);
    }
  }
  return { winner, lead: best.map((value, at) => value - second[at]) };
}

/** Whether all pixels of the block of row run i and column run j certainly have the class of its cells. */
function isUniform({ width, rows, columns, rounding }, winner, lead, i, j) {
  const index = winner[rows.cells[i * rows.taps] * width + columns.cells[j * columns.taps]];
  for (let t = 0; t < rows.taps; t++) {
    const line = rows.cells[i * rows.taps + t] * width;
    for (let u = 0; u < columns.taps; u++) {
      const cell = line + columns.cells[j * columns.taps + u];
      if (winner[cell] !== index || !(lead[cell] > rounding)) return false;
    }
  }
  return true;
}

/** Interpolates the candidate classes of a block, and writes the best one of each pixel. */
function fillBorderBlock(indices, { planes, width, rows, columns, rounding }, i, j) {
  const cells = [];
  for (let t = 0; t < rows.taps; t++) {
    for (let u = 0; u < columns.taps; u++) {
      cells.push(rows.cells[i * rows.taps + t] * width + columns.cells[j * columns.taps + u]);
    }
  }
  const contenders = contendersIn(planes, cells, rounding);
  const sides = new Float32Array(columns.taps);
  const span = columns.starts[j + 1] - columns.starts[j];
  const best = new Float32Array(span);
  for (let y = rows.starts[i]; y < rows.starts[i + 1]; y++) {
    const from = y * columns.length + columns.starts[j];
    contenders.forEach((index, place) => {
      for (let u = 0; u < columns.taps; u++) {
        let side = 0;
        for (let t = 0; t < rows.taps; t++) {
          const part = Math.fround(planes[index][cells[t * columns.taps + u]] * rows.weights[y * rows.taps + t]);
          side = t === 0 ? part : Math.fround(side + part);
        }
        sides[u] = side;
      }
      for (let x = 0; x < span; x++) {
        const weight = (columns.starts[j] + x) * columns.taps;
        let logit = Math.fround(sides[0] * columns.weights[weight]);
        for (let u = 1; u < columns.taps; u++) {
          logit = Math.fround(logit + Math.fround(sides[u] * columns.weights[weight + u]));
        }
        if (place === 0 || logit > best[x]) indices[from + x] = index;
        best[x] = place === 0 ? logit : Math.max(best[x], logit); // a NaN stays, as in numpy
      }
    });
  }
}

/** A class is out if its highest cell is below the lowest cell of another; NaN is a candidate. */
function contendersIn(planes, cells, rounding) {
  const highest = new Float32Array(planes.length);
  let floor = -Infinity;
  for (let index = 0; index < planes.length; index++) {
    let [least, most] = [Infinity, -Infinity];
    for (let at = 0; at < cells.length; at++) {
      const value = planes[index][cells[at]];
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    highest[index] = most;
    floor = Math.max(floor, least);
  }
  const contenders = [];
  for (let index = 0; index < planes.length; index++) {
    if (!(highest[index] < Math.fround(floor - rounding))) contenders.push(index);
  }
  return contenders;
}
