// Copyright 2026 The DDRNet Toolkit Authors. SPDX-License-Identifier: Apache-2.0
// node label_maps.mjs LABEL_MAP_JS CASES: for each case of CASES/cases.json reads <number>.logits, writes <number>.ids.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [script, folder] = process.argv.slice(2);
const { labelMap } = await import(pathToFileURL(script));
JSON.parse(readFileSync(`${folder}/cases.json`)).forEach(({ shape, size, transInfo, ignored }, number) => {
  const bytes = readFileSync(`${folder}/${number}.logits`);
  const logits = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  writeFileSync(`${folder}/${number}.ids`, labelMap(logits, shape, size, transInfo, ignored).ids);
});
