#include "reports/common/page_assets.h"

namespace assay {

// Foreign text reaches the page through textContent only; the address is compared, never used as a
// selector or as HTML.
const std::string_view kPageScript = R"js(
"use strict";
const all = (what, from = document) => from.querySelectorAll(what);
const make = (tag, text, style) => {
  const it = document.createElement(tag);
  if (text !== undefined) it.textContent = text;
  if (style) it.className = style;
  return it;
};

// Explanations.
const tip = make("div");
tip.id = "tip";
tip.hidden = true;
document.body.append(tip);
for (const it of all(".term")) {
  it.dataset.tip = it.title;
  it.removeAttribute("title");
}
const showTip = (of) => {
  const host = document.querySelector("dialog[open]") || document.body;
  if (tip.parentNode !== host) host.append(tip);
  tip.textContent = of.dataset.tip;
  tip.hidden = false;
  const at = of.getBoundingClientRect();
  const box = tip.getBoundingClientRect();
  const left = Math.min(Math.max(8, at.left), innerWidth - box.width - 8);
  const above = at.top - box.height - 8;
  tip.style.left = left + "px";
  tip.style.top = (above > 8 ? above : at.bottom + 8) + "px";
};
const tipOf = (event) => event.target instanceof Element && event.target.closest("[data-tip]");
for (const name of ["pointerover", "focusin", "click"]) {
  document.addEventListener(name, (event) => {
    const of = tipOf(event);
    if (of) showTip(of);
    else tip.hidden = true;
  });
}
document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });
addEventListener("scroll", () => { tip.hidden = true; }, {passive: true});

// Sorting: by the number behind a cell, else by its text; what is unknown comes last.
const valueOf = (row, column) => {
  const cell = row.cells[column];
  if (!cell) return "";
  return cell.dataset.v === undefined ? cell.textContent.trim() : Number(cell.dataset.v);
};
const compare = (a, b) => {
  const unknown = (it) => it === "\u2013" || it === "";
  if (unknown(a) || unknown(b)) return unknown(a) - unknown(b);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", {numeric: true});
};
const sortBy = (head, column) => {
  const body = head.closest("table").tBodies[0];
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const it of head.parentNode.cells) it.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
  const known = (it) => it !== "\u2013" && it !== "";
  rows.sort((a, b) => {
    const order = compare(a[0], b[0]);
    return down && known(a[0]) && known(b[0]) ? -order : order;
  });
  body.append(...rows.map((it) => it[1]));
};
for (const head of all("table.sortable thead th")) {
  if (head.textContent === "") continue;
  const button = make("button", undefined, "sort");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => sortBy(head, head.cellIndex));
}

// Runs that a reader hides.
for (const toggle of all(".toggle")) {
  toggle.addEventListener("click", () => {
    const off = toggle.getAttribute("aria-pressed") === "true";
    toggle.setAttribute("aria-pressed", String(!off));
    for (const it of all(".r" + Number(toggle.dataset.run))) {
      if (!it.closest(".bar")) it.toggleAttribute("hidden", off);
    }
  });
}

// Samples and problems that a reader looks for.
for (const tools of all(".tools[data-list]")) {
  const list = document.getElementById(tools.dataset.list);
  const [outcome, words, count] =
    ["select", "input", ".count"].map((it) => tools.querySelector(it));
  const items = [...all("[data-outcome]", list)];
  const apply = () => {
    const wanted = words.value.toLowerCase();
    let shown = 0;
    for (const item of items) {
      const fits = (!outcome.value || item.dataset.outcome.split(" ").includes(outcome.value)) &&
        (!wanted || item.textContent.toLowerCase().includes(wanted));
      item.hidden = !fits;
      shown += fits;
    }
    if (count) count.textContent = shown + " of " + items.length;
  };
  outcome.addEventListener("change", apply);
  words.addEventListener("input", apply);
  tools.hidden = false;
}

// Paper shows what the screen folds away.
addEventListener("beforeprint", () => {
  for (const it of all("details.data")) it.open = true;
});
)js"
                                     R"js(
// One problem, two chains, and where they part.
const dialog = document.querySelector("dialog.chains");
const problems = new Map();
for (const row of all("tr[data-key]")) problems.set("#/" + row.dataset.key, row);
const labels = [...all(".toggle")].map((it) => it.dataset.label);
const letters = [...all(".toggle")].map((it) => it.textContent);

const unpack = async (packed) => {
  const bytes = Uint8Array.from(atob(packed), (it) => it.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
};
const commonLength = (a, b) => {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) ++at;
  const code = at > 0 ? a.charCodeAt(at - 1) : 0;
  return code >= 0xd800 && code < 0xdc00 ? at - 1 : at;
};
const textWithMark = (text, same, other) => {
  const pre = make("pre");
  pre.dir = "auto";
  pre.append(text.slice(0, same));
  if (same === text.length && same === other.length) return pre;
  const rest = text.slice(same);
  const word = rest.match(/^\s*\S*/)[0];
  pre.append(make("mark", word === "" ? "ends here" : word));
  pre.append(make("span", rest.slice(word.length), "after"));
  return pre;
};
const side = (problem, run, same, other) => {
  const box = make("div", undefined, "side");
  const it = problem.runs[run];
  const head = make("h3");
  head.append(make("b", letters[run], "badge k" + run % 8), " ", make("bdi", labels[run]));
  box.append(head);
  if (!it) {
    box.append(make("p", "This run does not have this problem."));
    return box;
  }
  const facts = make("div");
  for (const [name, value] of it.facts) {
    const line = make("p");
    line.append(make("span", name + ": ", "soft"), make("bdi", value));
    facts.append(line);
  }
  box.append(facts);
  if (it.text === null) box.append(make("p", it.why, "warn"));
  else box.append(textWithMark(problem.texts[it.text], same, other));
  return box;
};
const textOf = (problem, run) => {
  const it = problem.runs[run];
  return it && it.text !== null ? problem.texts[it.text] : null;
};
const partingWords = (problem, left, right) => {
  const [a, b] = [textOf(problem, left), textOf(problem, right)];
  const notes = problem.runs[right] && problem.runs[right].parting;
  if (notes && left === problem.baseline) return notes;
  if (a === null || b === null) return "";
  if (a === b) return "Both texts are the same, character for character.";
  return "The first " + commonLength(a, b) + " characters are the same.";
};
const drawSides = (problem, row) => {
  const [left, right] = [...all("select", dialog)].map((it) => Number(it.value));
  const [a, b] = [textOf(problem, left), textOf(problem, right)];
  const both = a !== null && b !== null;
  const same = both ? commonLength(a, b) : Infinity;
  const sides = dialog.querySelector(".sides");
  sides.replaceChildren(side(problem, left, same, both ? b : a),
                        side(problem, right, same, both ? a : b));
  dialog.querySelector(".parting").textContent = partingWords(problem, left, right);
  for (const mark of all("mark", sides)) {
    const pre = mark.closest("pre");
    pre.scrollTop = mark.offsetTop - pre.offsetTop - pre.clientHeight / 3;
  }
  const address = "#/" + row.dataset.key + "/" + letters[left] + "-" + letters[right];
  history.replaceState(null, "", address);
};
const chooser = (problem, chosen, name) => {
  const label = make("label", name + " ");
  const select = make("select");
  problem.runs.forEach((run, i) => {
    if (!run) return;
    const option = make("option", letters[i] + "  " + labels[i]);
    option.value = i;
    option.selected = i === chosen;
    select.append(option);
  });
  label.append(select);
  return label;
};
const neighbour = (row, step) => {
  let next = row;
  do next = step < 0 ? next.previousElementSibling : next.nextElementSibling;
  while (next && next.hidden);
  return next;
};
const openProblem = async (row, pair) => {
  let problem;
  try {
    problem = await unpack(row.dataset.z);
  } catch (error) {
    dialog.replaceChildren(make("p", "This browser cannot unpack the chains; a newer one can."));
    if (!dialog.open) dialog.showModal();
    return;
  }
  const has = problem.runs.map((run, i) => (run ? i : -1)).filter((i) => i >= 0);
  const known = (i) => has.includes(i);
  const left = pair && known(pair[0]) ? pair[0] : has[0];
  const right = pair && known(pair[1]) ? pair[1] : (problem.other ?? has[1] ?? has[0]);
  const tools = make("div", undefined, "tools");
  tools.append(chooser(problem, left, "left"), chooser(problem, right, "right"));
  for (const [text, step] of [["\u2190 previous", -1], ["next \u2192", 1]]) {
    const button = make("button", text, "button");
    button.disabled = !neighbour(row, step);
    button.addEventListener("click", () => openProblem(neighbour(row, step)));
    tools.append(button);
  }
  const close = make("button", "close", "button");
  close.addEventListener("click", () => dialog.close());
  tools.append(close);
  const expected = make("p");
  if (problem.gold) expected.append(make("span", "expected: ", "soft"), make("bdi", problem.gold));
  dialog.replaceChildren(make("h2", problem.title), expected, tools,
                         make("p", "", "parting"), make("div", undefined, "sides"));
  for (const select of all("select", dialog)) {
    select.addEventListener("change", () => drawSides(problem, row));
  }
  if (!dialog.open) dialog.showModal();
  drawSides(problem, row);
  dialog.scrollTop = 0;
};
if (dialog) {
  dialog.addEventListener("close", () => history.replaceState(null, "", "#"));
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("tr[data-key] a");
    if (!link) return;
    event.preventDefault();
    openProblem(link.closest("tr"));
  });
}

// The address names a problem ("#/TASK/PROBLEM/SAMPLE", perhaps "/A-C") or an element.
const follow = () => {
  const hash = location.hash;
  const pair = hash.match(/\/([A-Z]+)-([A-Z]+)$/);
  const row = problems.get(pair ? hash.slice(0, pair.index) : hash);
  if (row && dialog) {
    openProblem(row, pair && [letters.indexOf(pair[1]), letters.indexOf(pair[2])]);
    return;
  }
  const target = document.getElementById(hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener("hashchange", follow);
follow();
)js";

}  // namespace assay
