// Copyright 2026 The DDRNet Toolkit Authors. SPDX-License-Identifier: Apache-2.0
// Sends a picture to /predict, and shows the answer.

import { readLabels } from "./label_png.js";
import { complain, describe, describePlace, inMegabytes, onPicture, show } from "./view.js";

const QUERY = "/predict?output=json&label_png=true";
const STAGES = { decode: "decode", network: "network", label_map: "label map", encode: "encode" };

let model = null;

async function start() {
  model = await (await fetch("/model")).json();
  const megapixels = Math.round(model.max_pixels / 1e6);
  describe(
    model, `PNG, JPEG, WebP, TIFF, BMP or PNM, up to ${inMegabytes(model.max_bytes)} and ${megapixels} megapixels`,
  );
}

async function predict(file, isNewest) {
  if (model && file.size > model.max_bytes) {
    complain(`${file.name} has ${inMegabytes(file.size)}; at most ${inMegabytes(model.max_bytes)} are accepted`);
    return;
  }
  const began = performance.now();
  try {
    const answer = await fetch(QUERY, {
      method: "POST",
      body: file,
      headers: { "Content-Type": "application/octet-stream", Accept: "application/json" },
    });
    const result = await answer.json();
    const waited = performance.now() - began;
    if (!isNewest()) return;
    if (!answer.ok) {
      complain(result.reason, result.request_id, answer.status === 503);
      return;
    }
    const labels = result.label_png ? await labelsOf(result.label_png) : null;
    if (isNewest()) show(file, result, labels, timesOf(result.milliseconds, waited), waited);
  } catch (error) {
    if (isNewest()) complain(`The service does not answer (${error.message}).`, null, true);
  }
}

async function labelsOf(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return { png: bytes, ...(await readLabels(bytes)) };
}

function timesOf(milliseconds, waited) {
  const lines = Object.entries(milliseconds).map(([stage, value]) => [STAGES[stage] ?? stage, value]);
  const sum = lines.reduce((total, [, value]) => total + value, 0);
  return [...lines, ["transfer and queue", Math.max(0, waited - sum)]];
}

describePlace("Pictures are predicted on this server and not kept.", [
  ["/openapi.json", "OpenAPI"], ["/metrics", "metrics"], ["/health", "health"],
]);
onPicture(predict);
start().catch((error) => complain(`The service does not answer (${error.message}).`));
