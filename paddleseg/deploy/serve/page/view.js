// Copyright 2026 The DDRNet Toolkit Authors. SPDX-License-Identifier: Apache-2.0
// The page's display and the ways to give it a picture, whether it is predicted by the service (page.js beside this
// file) or by the browser itself (deploy/web).

const $ = (id) => document.getElementById(id);

const shown = { labels: null, off: new Set(), only: null, urls: [], predict: () => {}, again: () => {} };
let model = null;
let newest = 0; // if pictures follow each other quickly, only the last answer is shown

/**
 * @param {{task: string, apply_exif: boolean, classes: {id: number, name: string, color: string}[]}} facts
 * @param {string} bounds the accepted pictures, in words
 */
export function describe(facts, bounds) {
  model = facts;
  $("model").textContent = `${model.task}, ${model.classes.length} classes`;
  $("bounds").textContent = bounds;
  $("picture").style.imageOrientation = model.apply_exif ? "from-image" : "none";
}

/** The last line: where pictures are processed, and links [address, words]. */
export function describePlace(promise, links) {
  $("promise").textContent = promise;
  $("links").replaceChildren(...links.map(([address, words]) => {
    const link = element("a", "", words);
    link.href = address;
    return link;
  }));
}

/** @param {(file: File, isNewest: () => boolean) => Promise<void>} predict is called with each picture */
export function onPicture(predict) {
  shown.predict = async (file) => {
    if (!file) return;
    const mine = ++newest;
    const isNewest = () => mine === newest;
    shown.again = () => shown.predict(file);
    complain(null);
    setBusy(true);
    try {
      await predict(file, isNewest);
    } finally {
      if (isNewest()) setBusy(false);
    }
  };
}

// ---- display
// ---------------------------------------------------------------------------------------------------------

/** Shows a picture and its result.
 * @param {File} file
 * @param {{task: string, width: number, height: number, classes: {id: number, name: string}[]}} result each class has
 *   its `share` of the picture, or its `probability`
 * @param {{width: number, height: number, ids: Uint8Array, png: Uint8Array} | null} labels
 * @param {[string, number][]} times milliseconds of each stage
 * @param {number} waited total milliseconds
 * @param {string | null} remark a doubt about the result
 */
export function show(file, result, labels, times, waited, remark = null) {
  shown.urls.forEach((url) => URL.revokeObjectURL(url));
  shown.urls = [URL.createObjectURL(file)];
  Object.assign(shown, { labels, only: null });
  shown.off.clear();
  const isSegmented = labels !== null;
  for (const id of ["blend", "choices", "overlay", "download"]) $(id).hidden = !isSegmented;
  $("heading").textContent = isSegmented ? "Classes" : "Most probable";
  $("drop").hidden = true;
  for (const id of ["view", "panel", "another"]) $(id).hidden = false;
  document.querySelector("main").classList.add("has-result");
  $("frame").style.setProperty("--width", result.width);
  $("frame").style.setProperty("--height", result.height);
  $("picture").hidden = false;
  $("picture").src = shown.urls[0];
  $("picture").alt = file.name;
  $("name").textContent = file.name;
  $("size").textContent = `${result.width} × ${result.height}`;
  listClasses(result);
  listTimes(times, waited);
  $("remark").hidden = remark === null;
  $("remark").textContent = remark ?? "";
  if (isSegmented) {
    draw();
    offerDownload(file, labels);
  }
  const found = result.classes.slice(0, 3).map((one) => one.name).join(", ");
  $("status").textContent = `Done: ${result.classes.length} classes, first ${found}`;
}

function draw() {
  const { labels, off, only } = shown;
  const canvas = $("overlay");
  canvas.width = labels.width;
  canvas.height = labels.height;
  const picture = new ImageData(labels.width, labels.height);
  const colours = new Uint32Array(256);
  const bytes = new Uint8Array(colours.buffer);
  for (const { id, color } of model.classes) {
    const isShown = only === null ? !off.has(id) : only === id;
    bytes.set([1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)).concat(isShown ? 255 : 0), 4 * id);
  }
  const pixels = new Uint32Array(picture.data.buffer);
  labels.ids.forEach((id, i) => { pixels[i] = colours[id]; });
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

function listClasses(result) {
  const isSegmented = result.task === "segmentation";
  const best = Math.max(...result.classes.map((one) => one.share ?? one.probability ?? 0), 1e-9);
  $("legend").replaceChildren(...result.classes.map((one) => {
    const part = one.share ?? one.probability;
    const { color } = model.classes[one.id];
    const box = element(isSegmented ? "label" : "div", isSegmented ? "" : "plain");
    const swatch = element("span", "swatch");
    swatch.style.backgroundColor = color;
    const bar = element("span", "bar", element("span"));
    bar.firstChild.style.backgroundColor = color;
    bar.firstChild.style.width = `${(100 * (part ?? 0)) / best}%`;
    const words = [element("span", "class", one.name), element("span", "share", part === null ? "" : percent(part)), bar];
    box.append(...(isSegmented ? [toggle(one.id, box)] : [element("span")]), swatch, ...words);
    return element("li", "", box);
  }));
}

function toggle(id, box) {
  const input = element("input");
  input.type = "checkbox";
  input.checked = true;
  input.dataset.id = id;
  input.addEventListener("change", () => {
    shown.off[input.checked ? "delete" : "add"](id);
    box.classList.toggle("off", !input.checked);
    shown.only = null;
    draw();
  });
  // Pointing at a class shows only that one.
  box.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") isolate(id); });
  box.addEventListener("pointerleave", () => isolate(null));
  return input;
}

function isolate(id) {
  if (shown.only === id || (id !== null && shown.off.has(id))) return;
  shown.only = id;
  draw();
}

function switchAll(isOn) {
  shown.only = null;
  for (const input of $("legend").querySelectorAll("input")) {
    input.checked = isOn;
    input.closest("label").classList.toggle("off", !isOn);
    shown.off[isOn ? "delete" : "add"](Number(input.dataset.id));
  }
  draw();
}

function listTimes(times, waited) {
  $("times").replaceChildren(
    ...times.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", `${value.toFixed(1)} ms`)]),
  );
  $("total").textContent = `${waited.toFixed(0)} ms`;
}

function offerDownload(file, labels) {
  const url = URL.createObjectURL(new Blob([labels.png], { type: "image/png" }));
  shown.urls.push(url);
  $("download").href = url;
  $("download").download = `${file.name.replace(/\.[^.]*$/, "") || "picture"}_labels.png`;
}

function probe(event) {
  const { labels } = shown;
  const box = $("frame").getBoundingClientRect();
  const [right, down] = [event.clientX - box.left, event.clientY - box.top];
  const x = Math.floor((right / box.width) * (labels?.width ?? 0));
  const y = Math.floor((down / box.height) * (labels?.height ?? 0));
  const id = labels?.ids[y * labels.width + x];
  const tip = $("probe");
  tip.hidden = id === undefined || x < 0 || y < 0 || x >= labels.width || y >= labels.height;
  if (tip.hidden) return;
  tip.textContent = model.classes[id].name;
  tip.style.left = `${Math.min(right + 14, box.width - tip.offsetWidth - 4)}px`;
  tip.style.top = `${Math.max(4, down - 34)}px`;
}

export function setBusy(isBusy) {
  $("busy").hidden = !isBusy;
  $("stage").setAttribute("aria-busy", isBusy);
  if (isBusy) $("status").textContent = "Predicting";
}

export function complain(reason, requestId = null, mayRetry = false) {
  $("alert").hidden = reason === null;
  $("reason").textContent = reason ?? "";
  $("reference").textContent = requestId ? `request ${requestId}` : "";
  $("retry").hidden = !mayRetry;
  if (reason !== null) setBusy(false);
}

// ---- helpers
// ---------------------------------------------------------------------------------------------------------

function element(kind, className = "", content = null) {
  const made = document.createElement(kind);
  if (className) made.className = className;
  if (content !== null) made.append(content);
  return made;
}

const percent = (part) => (part < 0.0005 ? "< 0.1 %" : `${(100 * part).toFixed(part < 0.0995 ? 1 : 0)} %`);
export const inMegabytes = (bytes) => `${(bytes / 1048576).toFixed(bytes < 10485760 ? 1 : 0)} MB`;
const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

// ---- ways to give a picture ------------------------------------------------------------------------------------------

let depth = 0; // dragenter and dragleave fire for every element on the way
addEventListener("dragenter", (event) => {
  if (!carriesFile(event)) return;
  depth++;
  $("stage").classList.add("over");
});
addEventListener("dragleave", (event) => {
  if (carriesFile(event) && --depth <= 0) endDrag();
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  endDrag();
  shown.predict(event.dataTransfer.files[0]);
});
function endDrag() {
  depth = 0;
  $("stage").classList.remove("over");
}

addEventListener("paste", (event) => shown.predict([...event.clipboardData.files].find((one) => one.type.startsWith("image/"))));
$("choose").addEventListener("click", () => $("file").click());
$("another").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => {
  shown.predict($("file").files[0]);
  $("file").value = ""; // so that the same file can be chosen again
});

$("retry").addEventListener("click", () => shown.again());
$("all").addEventListener("click", () => switchAll(true));
$("none").addEventListener("click", () => switchAll(false));
$("opacity").addEventListener("input", () => {
  $("overlay").style.opacity = $("opacity").value / 100;
  $("percent").textContent = `${$("opacity").value} %`;
});
$("frame").addEventListener("pointermove", probe);
$("frame").addEventListener("pointerleave", () => { $("probe").hidden = true; });
// For a picture that the browser cannot show, such as TIFF, only the colours are shown.
$("picture").addEventListener("error", () => { $("picture").hidden = true; });
