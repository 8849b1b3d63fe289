// Copyright 2026 The DDRNet Toolkit Authors. SPDX-License-Identifier: Apache-2.0
// All the work on a picture, in a separate thread, so that the page stays responsive.
//
// It gets {threads} once, and answers {ready: facts} or {refused: reason}; then for each {id, file} {id, labels,
// counts, times, remark} or {id, refused: reason}.

import { sizeRemark } from "./calibration.js";
import { decode } from "./decode.js";
import { labelMap } from "./label_map.js";
import * as ort from "./runtime/ort.wasm.min.mjs";
import { prepare, toPlanes } from "./transforms.js";
import { writeLabels } from "./write_png.js";

const MODEL = "./model.json";

let model = null;
let session = null;
let last = Promise.resolve(); // pictures wait for each other

self.addEventListener("message", ({ data }) => {
  last = last.then(async () => {
    try {
      if (data.file) await answer(data);
      else self.postMessage({ ready: await load(data.threads) });
    } catch (error) {
      self.postMessage({ id: data.id, refused: String(error?.message ?? error).split("\n")[0] });
    }
  });
});

async function load(threads) {
  ort.env.wasm.numThreads = threads;
  const runtime = new URL("./runtime/", self.location.href).href;
  ort.env.wasm.wasmPaths = {
    mjs: `${runtime}ort-wasm-simd-threaded.mjs`,
    wasm: `${runtime}ort-wasm-simd-threaded.wasm`,
  };
  model = await (await get(MODEL)).json();
  const graph = await (await get(model.graph)).arrayBuffer();
  session = await ort.InferenceSession.create(new Uint8Array(graph), { executionProviders: ["wasm"] });
  return model;
}

async function get(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} cannot be loaded (status ${answer.status}); build the site again`);
  return answer;
}

async function answer({ id, file }) {
  const times = [];
  const timed = async (stage, work) => {
    const began = performance.now();
    const result = await work();
    times.push([stage, performance.now() - began]);
    return result;
  };
  if (session === null) throw new Error("the network could not be loaded");
  const whole = await timed("decode", () => decode(file));
  const { input, sizeHw, transInfo } = await timed("prepare", () => inputOf(whole));
  const output = await timed("network", async () => (await session.run({ [session.inputNames[0]]: input }))[session.outputNames[0]]);
  const labels = await timed("label map", () =>
    labelMap(output.data, output.dims.slice(1), sizeHw, transInfo, model.ignored_class),
  );
  output.dispose();
  const png = await timed("encode", () => writeLabels(labels, model.palette));
  const counts = new Array(model.palette.length).fill(0);
  for (const label of labels.ids) counts[label]++;
  const remark = sizeRemark(sizeHw, model.calibrated_size);
  self.postMessage({ id, labels: { ...labels, png }, counts, times, remark }, [labels.ids.buffer, png.buffer]);
}

/** The graph's input for a picture. */
function inputOf(whole) {
  const { picture, transInfo } = prepare(whole, model.transforms);
  const { data, height, width } = picture;
  const [, , wantedHeight, wantedWidth] = model.input_shape;
  if ((wantedHeight !== -1 && wantedHeight !== height) || (wantedWidth !== -1 && wantedWidth !== width)) {
    throw new Error(
      `the picture reaches the network as ${width}x${height}, which takes ${wantedWidth}x${wantedHeight} alone`,
    );
  }
  if (Math.min(height, width) < model.smallest_side) {
    throw new Error(
      `the picture reaches the network as ${width}x${height}; both sides must be ${model.smallest_side} or more`,
    );
  }
  const input = model.input === "uint8"
    ? new ort.Tensor("uint8", data, [1, height, width, 3])
    : new ort.Tensor("float32", toPlanes(picture, model.normalize), [1, 3, height, width]);
  return { input, sizeHw: [height, width], transInfo };
}
