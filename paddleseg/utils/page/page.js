// Copyright 2026 The DDRNet Toolkit Authors. SPDX-License-Identifier: Apache-2.0
"use strict";

// The scheme: the system's, unless a button was pressed.
const root = document.documentElement;
function chooseScheme(scheme) {
  if (scheme) root.dataset.scheme = scheme; else delete root.dataset.scheme;
  for (const button of document.querySelectorAll(".switch button")) {
    button.setAttribute("aria-pressed", String(button.dataset.scheme === scheme));
  }
}
for (const button of document.querySelectorAll(".switch button")) {
  button.addEventListener("click", () => chooseScheme(button.dataset.scheme));
}
chooseScheme("");

// Sort key: data-value as a number if it is one, else as text. Entries without a value come last in either direction.
function compareBy(valueOf, falls) {
  return (one, other) => {
    const [a, b] = [valueOf(one), valueOf(other)];
    if (a === "" || b === "") return (a === "") - (b === "");
    const numbers = [Number(a), Number(b)];
    const order = numbers.some(Number.isNaN) ? a.localeCompare(b) : numbers[0] - numbers[1];
    return falls ? -order : order;
  };
}

for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    heading.tabIndex = 0;
    const sort = () => {
      const falls = heading.getAttribute("aria-sort") === (column ? "descending" : "ascending") ? !column : Boolean(column);
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", falls ? "descending" : "ascending");
      const valueOf = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compareBy(valueOf, falls)));
    };
    heading.addEventListener("click", sort);
    heading.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(); } });
  });
}
