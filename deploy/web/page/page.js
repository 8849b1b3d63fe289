// Copyright 2026 The DDRNet Toolkit Authors. SPDX-License-Identifier: Apache-2.0
// Sends a picture to the worker, and shows the answer.

import { complain, describe, describePlace, onPicture, setBusy, show } from "./view.js";

const MOST_THREADS = 8; // more are not faster for a network of this size
const waiting = new Map(); // callbacks by the number of the picture
const worker = new Worker("worker.js", { type: "module" });

let model = null;
let pictures = 0;

/** Several threads share memory, which browsers allow only for pages with the headers COOP and COEP. */
function threadCount() {
  if (!self.crossOriginIsolated) return 1;
  const wanted = Number(new URLSearchParams(location.search).get("threads")) || navigator.hardwareConcurrency || 1;
  return Math.max(1, Math.min(wanted, MOST_THREADS));
}

function predict(file, isNewest) {
  return new Promise((resolve) => {
    const began = performance.now();
    waiting.set(++pictures, ({ refused, labels, counts, times, remark }) => {
      if (isNewest() && refused !== undefined) complain(`${file.name}: ${refused}`);
      else if (isNewest()) show(file, resultOf(labels, counts), labels, times, performance.now() - began, remark);
      resolve();
    });
    worker.postMessage({ id: pictures, file });
  });
}

function resultOf({ width, height }, counts) {
  const classes = counts
    .map((count, id) => ({ id, name: model.classes[id].name, share: count / (width * height) }))
    .filter(({ share }) => share > 0)
    .sort((one, other) => other.share - one.share);
  return { task: model.task, width, height, classes };
}

worker.addEventListener("message", ({ data }) => {
  if (data.id !== undefined) {
    waiting.get(data.id)(data);
    waiting.delete(data.id);
  } else if (data.ready) {
    model = data.ready;
    describe(model, `PNG, JPEG, WebP or BMP of 8 bits; ${threads} thread${threads === 1 ? "" : "s"}`);
    if (waiting.size === 0) setBusy(false);
  } else {
    complain(`The network cannot be loaded: ${data.refused}`);
  }
});
worker.addEventListener("error", (event) => complain(`The page cannot be started: ${event.message ?? "a script is missing"}`));

const threads = threadCount();
describePlace("Pictures are predicted in this browser and go nowhere.", []);
onPicture(predict);
setBusy(true);
worker.postMessage({ threads });
