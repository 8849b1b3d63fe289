// Copyright 2026 The DDRNet Toolkit Authors. SPDX-License-Identifier: Apache-2.0

// The picture beneath label and prediction is the one already in the page.
for (const views of document.querySelectorAll(".views")) {
  const source = views.querySelector("img").src;
  for (const over of views.querySelectorAll(".over")) {
    const below = new Image();
    below.src = source;
    below.alt = "";
    over.prepend(below);
  }
}
const opacity = document.getElementById("opacity");
opacity?.addEventListener("input", () => root.style.setProperty("--opacity", String(opacity.value / 100)));

const gallery = document.querySelector(".gallery");
const sorters = [...document.querySelectorAll(".sorting button")];
for (const button of sorters) {
  button.addEventListener("click", () => {
    sorters.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
    gallery.append(...[...gallery.children].sort(compareBy((item) => item.dataset[button.dataset.key] ?? "", false)));
  });
}
sorters[0]?.setAttribute("aria-pressed", "true");
