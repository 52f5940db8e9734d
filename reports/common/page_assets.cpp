#include "reports/common/page_assets.h"

namespace assay {

// Outcome colours: Okabe and Ito's palette, which the common colour-blindnesses tell apart; every
// bar also has its numbers in words below it.
const std::string_view kPageStyle = R"(
:root {
  color-scheme: light dark;
  --ink: #1c2024; --soft: #5b6470; --paper: #ffffff; --panel: #f4f6f8; --line: #d5dae0;
  --accent: #0a5fa5; --warn: #8a4b00; --warn-paper: #fff4e0;
  --o1: #009e73; --o2: #7fcfb6; --o3: #0072b2; --o4: #7fb8d9; --o5: #e69f00; --o6: #cc79a7;
  --o7: #8d99a6; --o8: #f0e442; --o9: #1c2024;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9ec; --soft: #a3adb8; --paper: #14171a; --panel: #1d2226; --line: #39414a;
    --accent: #6cb6f2; --warn: #ffc46b; --warn-paper: #33280f; --o9: #e6e9ec;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.02rem; margin: 1.3rem 0 .4rem; }
p { margin: .4rem 0; }
.lead { font-size: 1.1rem; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.warn { border-left: 4px solid var(--warn); background: var(--warn-paper); padding: .5rem .8rem;
  margin: .6rem 0; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .7rem;
  margin: 1rem 0; }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem;
  padding: .6rem .8rem; }
.card b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.card span { color: var(--soft); font-size: .9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: .2rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .7rem .3rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; min-width: 6rem; }
th { font-weight: 600; overflow-wrap: break-word; min-width: 4rem; }
td.n, th.n { text-align: right; white-space: nowrap; overflow-wrap: normal; }
svg { display: block; width: 100%; height: 1.5rem; background: var(--panel); }
svg.axis { background: none; }
.o1 { fill: var(--o1); background: var(--o1); } .o2 { fill: var(--o2); background: var(--o2); }
.o3 { fill: var(--o3); background: var(--o3); } .o4 { fill: var(--o4); background: var(--o4); }
.o5 { fill: var(--o5); background: var(--o5); } .o6 { fill: var(--o6); background: var(--o6); }
.o7 { fill: var(--o7); background: var(--o7); } .o8 { fill: var(--o8); background: var(--o8); }
.o9 { fill: var(--o9); background: var(--o9); }
.bar { fill: var(--accent); } .mark { fill: var(--ink); }
.key { display: inline-block; width: .8rem; height: .8rem; margin-right: .35rem;
  border: 1px solid var(--soft); print-color-adjust: exact; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0;
  margin: .4rem 0; }
details.sample { border-bottom: 1px solid var(--line); }
details.sample > summary { cursor: pointer; padding: .35rem 0; display: grid;
  grid-template-columns: 10rem 11rem 1fr 6rem; gap: .7rem; overflow-wrap: anywhere; }
details.sample > summary > :first-child::before { content: "\25B8\A0"; }
details.sample[open] > summary > :first-child::before { content: "\25BE\A0"; }
details.sample > summary:hover { background: var(--panel); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel);
  border: 1px solid var(--line); border-radius: .3rem; padding: .7rem; max-height: 32rem;
  overflow: auto; font: 14px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, monospace; }
.tools { display: flex; flex-wrap: wrap; gap: .8rem; margin: .5rem 0; }
select, input { font: inherit; color: inherit; background: var(--paper);
  border: 1px solid var(--line); border-radius: .3rem; padding: .2rem .4rem; max-width: 100%; }
dt { font-weight: 600; margin-top: .5rem; } dd { margin: 0 0 0 1rem; }
a { color: var(--accent); }
[hidden] { display: none; }
@media (max-width: 44rem) {
  details.sample > summary { grid-template-columns: 1fr 1fr; }
}
@media print {
  main { max-width: none; padding: 0; } .tools { display: none; }
  svg, .o1, .o2, .o3, .o4, .o5, .o6, .o7, .o8, .o9 { print-color-adjust: exact; }
  pre { max-height: none; } h2, h3 { break-after: avoid; }
}
)";

const std::string_view kPageScript = R"(
"use strict";
for (const tools of document.querySelectorAll(".tools")) {
  const list = document.getElementById(tools.dataset.list);
  const outcome = tools.querySelector("select");
  const words = tools.querySelector("input");
  const apply = () => {
    const wanted = words.value.toLowerCase();
    for (const item of list.querySelectorAll("[data-outcome]")) {
      const fits = (!outcome.value || item.dataset.outcome.split(" ").includes(outcome.value)) &&
        (!wanted || item.textContent.toLowerCase().includes(wanted));
      item.hidden = !fits;
    }
  };
  outcome.addEventListener("change", apply);
  words.addEventListener("input", apply);
  tools.hidden = false;
}
const open = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
window.addEventListener("hashchange", open);
open();
)";

}  // namespace assay
