// Copyright 2026 The DDRNet Toolkit Authors. SPDX-License-Identifier: Apache-2.0
// An int8 graph agrees with float32 at the size of its calibration, and less at others.

/** What the page says of a picture, or null.
 * @param {[number, number]} sizeHw height and width of the network's input
 * @param {[number, number] | null} calibratedHw those of the graph's calibration, null if it has none
 */
export function sizeRemark([height, width], calibratedHw) {
  const [calibratedHeight, calibratedWidth] = calibratedHw ?? [height, width];
  if (height === calibratedHeight && width === calibratedWidth) return null;
  return (
    `The network is calibrated at ${calibratedWidth}x${calibratedHeight} and ran at ${width}x${height}, where more ` +
    "classes differ from fp32's; calibrate it at this size."
  );
}
