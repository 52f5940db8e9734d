#include "reports/common/page_assets.h"

namespace assay {

// Colours are dark enough on white and light enough on black for three to one; what they tell apart
// is told apart by letters, shapes, dashes or patterns, too.
const std::string_view kPageStyle = R"(
:root {
  color-scheme: light dark;
  --ink: #1a1f24; --soft: #58626d; --paper: #ffffff; --panel: #f4f6f8; --line: #d3d9df;
  --accent: #0a5fa5; --warn: #8a4b00; --warn-paper: #fff4e0; --good: #00694b; --bad: #b3261e;
  --k0: #0068b0; --k1: #c94f00; --k2: #007a5a; --k3: #a83c86; --k4: #5c55c4; --k5: #8a6a00;
  --k6: #00808f; --k7: #4d555e;
  --o1: #2a9d78; --o2: #a6dccb; --o3: #3f87c5; --o4: #b4d4ee; --o5: #e8b04a; --o6: #d98cb8;
  --o7: #b3bcc6; --o8: #efe48a; --o9: #59626c;
  --m1: #3f87c5; --m2: #e8b04a; --m3: #b3bcc6; --hatch: #1a1f24;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e8eb; --soft: #a4aeb8; --paper: #13171a; --panel: #1c2226; --line: #363f48;
    --accent: #6cb6f2; --warn: #ffc46b; --warn-paper: #33280f; --good: #5fd3ab; --bad: #ff9a8f;
    --k0: #62b1f2; --k1: #ff9a5c; --k2: #45cfa3; --k3: #f09ad0; --k4: #a9a4ff; --k5: #e3c24a;
    --k6: #53cfdc; --k7: #c0c8d0;
    --o1: #2f9e7b; --o2: #1f5f4d; --o3: #4287bd; --o4: #28506f; --o5: #b98320; --o6: #a45a87;
    --o7: #66707a; --o8: #8f8436; --o9: #c4ccd4;
    --m1: #4287bd; --m2: #b98320; --m3: #66707a; --hatch: #e4e8eb;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 4rem; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.6rem 0 .6rem; padding-bottom: .15rem;
  border-bottom: 2px solid var(--line); overflow-wrap: anywhere; }
h3 { font-size: 1.04rem; margin: 1.6rem 0 .4rem; overflow-wrap: anywhere; }
h4 { font-size: .95rem; margin: 1rem 0 .3rem; font-weight: 600; }
p { margin: .4rem 0; max-width: 62rem; }
.lead { font-size: 1.08rem; overflow-wrap: anywhere; }
.soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); }
.warn { border-left: 4px solid var(--warn); background: var(--warn-paper); padding: .5rem .8rem;
  margin: .6rem 0; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .7rem;
  margin: 1rem 0; }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem;
  padding: .6rem .8rem; }
.card b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.card span { color: var(--soft); font-size: .9rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 31rem), 1fr));
  gap: .5rem 2.5rem; align-items: start; }
.pair > * { min-width: 0; }
.scroll { overflow-x: auto; margin: .4rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .94rem; }
caption { text-align: left; color: var(--soft); padding: .2rem 0; }
th, td { text-align: left; vertical-align: top; padding: .28rem .9rem .28rem 0;
  border-bottom: 1px solid var(--line); max-width: 26rem; overflow-wrap: break-word; }
td bdi, th bdi { overflow-wrap: anywhere; }
th { font-weight: 600; }
thead th[class*=r] { min-width: 7rem; }
thead th { vertical-align: bottom; }
td.n, th.n { text-align: right; white-space: nowrap; overflow-wrap: normal; }
thead th.n { white-space: normal; }
td { min-width: 5.5rem; }
table.wide { width: 100%; } table.broad { min-width: 64rem; }
tbody th { background: var(--paper); }
.scroll tbody th { position: sticky; left: 0; min-width: min(13rem, 34vw);
  max-width: min(20rem, 42vw); }
td .soft { white-space: nowrap; }
.tall { max-height: 75vh; overflow: auto; content-visibility: auto; contain-intrinsic-size: auto 40rem; border: 1px solid var(--line); border-radius: .3rem;
  padding-left: .6rem; }
.tall thead th { position: sticky; top: 0; background: var(--paper); z-index: 2; min-width: 3rem; }
.tall thead th:first-child { left: 0; z-index: 3; }
.rows td { min-width: 3rem; padding-right: .7rem; }
.rows td.x { background: color-mix(in srgb, var(--bad) 13%, transparent); }
button { font: inherit; color: inherit; cursor: pointer; }
button.sort { background: none; border: 0; padding: 0; font-weight: 600; text-align: inherit; }
button.sort::after { content: "\2195"; color: var(--soft); font-size: .8em;
  padding-left: .3em; opacity: .7; }
[aria-sort=ascending] > button.sort::after { content: "\2191"; opacity: 1; color: var(--ink); }
[aria-sort=descending] > button.sort::after { content: "\2193"; opacity: 1; color: var(--ink); }
.badge { display: inline-block; min-width: 1.45em; padding: 0 .25em; text-align: center;
  border: 2px solid; border-radius: .8em; font-size: .82em; line-height: 1.35; background: var(--paper); }
.badge { border-color: var(--ink); color: var(--ink); }
.badge.k0 { border-color: var(--k0); } .badge.k1 { border-color: var(--k1); }
.badge.k2 { border-color: var(--k2); } .badge.k3 { border-color: var(--k3); }
.badge.k4 { border-color: var(--k4); } .badge.k5 { border-color: var(--k5); }
.badge.k6 { border-color: var(--k6); } .badge.k7 { border-color: var(--k7); }
.k0 { --c: var(--k0); } .k1 { --c: var(--k1); } .k2 { --c: var(--k2); } .k3 { --c: var(--k3); }
.k4 { --c: var(--k4); } .k5 { --c: var(--k5); } .k6 { --c: var(--k6); } .k7 { --c: var(--k7); }
.term { text-decoration: underline dotted var(--soft); text-underline-offset: .2em; cursor: help; }
.bar { position: sticky; top: 0; z-index: 5; background: var(--paper); margin: 0 -1rem;
  padding: .4rem 1rem; border-bottom: 1px solid var(--line); display: flex; gap: .3rem 1rem;
  flex-wrap: wrap; align-items: center; font-size: .92rem; }
.bar a { text-decoration: none; white-space: nowrap; }
.bar a:hover { text-decoration: underline; }
.toggles { display: flex; flex-wrap: wrap; gap: .25rem; align-items: center; }
.toggle { background: none; border: 0; padding: .1rem; line-height: 1; border-radius: 1em; }
.toggle[aria-pressed=false] { opacity: .35; text-decoration: line-through; }
.bars { margin: .5rem 0 .8rem; }
.bar-row { display: grid; grid-template-columns: minmax(8rem, 17rem) minmax(8rem, 1fr) minmax(5rem, 15rem);
  gap: 0 .8rem; align-items: center; min-height: 1.75rem; padding: .2rem 0; }
.bar-row .who { overflow-wrap: anywhere; line-height: 1.25; font-size: .92rem; }
.bar-row .val { font-variant-numeric: tabular-nums; font-size: .92rem; line-height: 1.25; }
.pair .bar-row { grid-template-columns: minmax(5rem, 9.5rem) minmax(7rem, 1fr) minmax(4rem, 10.8rem);
  gap: 0 1.1rem; }
.axis-row { min-height: 1rem; } .axis-row .track { height: 16px; } .axis-row .val { font-size: .85rem; }
svg { display: block; overflow: visible; }
svg text { font-size: 12px; fill: var(--soft); }
.track { width: 100%; height: 22px; }
.grid { stroke: var(--line); stroke-width: 1; }
.fill { fill: var(--c, var(--accent)); } .box { fill: var(--c); fill-opacity: .35; stroke: var(--c); }
.stem, .whisker { stroke: var(--c, var(--ink)); stroke-width: 1.5; }
.whisker { stroke: var(--ink); } .stem.wide { stroke-width: 3; stroke-opacity: .55; }
.median { stroke: var(--ink); stroke-width: 2.5; }
.mark { fill: var(--c, var(--ink)); stroke: var(--paper); stroke-width: 1; }
.hit { fill: transparent; } .ring { fill: var(--paper); stroke: var(--c); stroke-width: 2; }
svg text.letter { fill: var(--ink); font-size: 10.5px; font-weight: 700; text-anchor: middle; }
.lead { stroke: var(--c, var(--soft)); stroke-width: 1; } p.lead { stroke: none; }
.curve { fill: none; stroke: var(--c); stroke-width: 2; vector-effect: non-scaling-stroke; }
.curve.d1 { stroke-dasharray: 6 3; } .curve.d2 { stroke-dasharray: 2 3; }
.guide { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 7 3 2 3; }
svg text.guide-label, svg text.inside { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
svg text.inside { fill: var(--ink); text-anchor: middle; font-weight: 600; }
.shift { transform: translate(17px, 0); }
.peak-line { stroke: var(--ink); stroke-width: 2; } .peak path { fill: var(--ink); }
.part { stroke: var(--paper); stroke-width: 1; }
.o1 { fill: var(--o1); } .o2 { fill: url(#o2); } .o3 { fill: var(--o3); } .o4 { fill: url(#o4); }
.o5 { fill: url(#o5); } .o6 { fill: url(#o6); } .o7 { fill: url(#o7); } .o8 { fill: url(#o8); }
.o9 { fill: url(#o9); } .m1 { fill: var(--m1); } .m2 { fill: url(#m2); } .m3 { fill: url(#m3); }
.bo2 { fill: var(--o2); } .bo4 { fill: var(--o4); } .bo5 { fill: var(--o5); } .bo6 { fill: var(--o6); }
.bo7 { fill: var(--o7); } .bo8 { fill: var(--o8); } .bo9 { fill: var(--o9); } .bm2 { fill: var(--m2); }
.bm3 { fill: var(--m3); } .ha, .hp { stroke: var(--hatch); stroke-width: 1; stroke-opacity: .55; fill: none; }
.hp { stroke: var(--paper); stroke-opacity: .8; } .hd { fill: var(--hatch); fill-opacity: .6; }
.peak-part { fill: var(--soft); } .defs { position: absolute; width: 0; height: 0; }
.swatch { display: inline-block; width: 1.5rem; height: .95rem; vertical-align: -.1rem;
  margin-right: .4rem; border: 1px solid var(--soft); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; list-style: none; padding: 0;
  margin: .4rem 0; font-size: .92rem; }
.plot { display: grid; grid-template-columns: 3rem 1fr 2.4rem; gap: 0 .5rem; margin: .6rem 0 1rem;
  max-width: 54rem; }
.plot .y-label { grid-column: 1 / -1; font-size: .85rem; color: var(--soft); padding-bottom: .35rem; }
.plot .y-axis { grid-column: 1; width: 100%; } .plot .field { grid-column: 2; width: 100%; }
.plot .ends { grid-column: 3; width: 100%; }
.plot .x-axis { grid-column: 2; grid-row: 3; width: 100%; height: 18px; }
.plot .x-label { grid-column: 2; grid-row: 4; font-size: .85rem; color: var(--soft); text-align: center; }
.meter { width: 100%; min-width: 6rem; height: 8px; background: var(--panel); margin-top: 3px; }
.meter .fill { fill-opacity: .75; }
#tip { position: fixed; z-index: 9; max-width: min(24rem, 90vw); background: var(--ink);
  color: var(--paper); padding: .35rem .6rem; border-radius: .3rem; font-size: .88rem;
  line-height: 1.4; pointer-events: none; white-space: pre-line; overflow-wrap: anywhere; }
details.data { margin: .2rem 0 1rem; } details > summary { cursor: pointer; }
details.data > summary { color: var(--accent); font-size: .92rem; }
details.sample { border-bottom: 1px solid var(--line); }
details.sample > summary { padding: .35rem 0; display: grid;
  grid-template-columns: 10rem 11rem 1fr 6rem; gap: .7rem; overflow-wrap: anywhere; }
details.sample > summary > :first-child::before { content: "\25B8\A0"; }
details.sample[open] > summary > :first-child::before { content: "\25BE\A0"; }
details.sample > summary:hover, .rows tr:hover > * { background: var(--panel); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel); unicode-bidi: plaintext;
  border: 1px solid var(--line); border-radius: .3rem; padding: .7rem; max-height: 32rem;
  overflow: auto; font: 14px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, monospace; margin: .4rem 0; }
pre .after { background: color-mix(in srgb, var(--o5) 22%, transparent); }
pre mark { background: var(--ink); color: var(--paper); border-radius: .2rem; padding: 0 .3em; font-weight: 700; }
.tools { display: flex; flex-wrap: wrap; gap: .5rem 1rem; margin: .5rem 0; align-items: center; }
select, input, .button { font: inherit; color: inherit; background: var(--paper);
  border: 1px solid var(--line); border-radius: .3rem; padding: .2rem .5rem; max-width: 100%; }
dialog { width: min(96vw, 84rem); max-width: none; max-height: 94vh; background: var(--paper);
  color: var(--ink); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.2rem; }
dialog::backdrop { background: rgb(0 0 0 / .5); }
dialog h2 { margin: 0 0 .4rem; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
.side { min-width: 0; display: grid; grid-row: span 3; grid-template-rows: subgrid; align-content: start; }
.side h3 { margin: .5rem 0 .2rem; } .side p { margin: .1rem 0; }
dl.terms { columns: 26rem; column-gap: 2.5rem; } dl.terms > div { break-inside: avoid; padding-bottom: .5rem; }
dt { font-weight: 600; margin-top: .5rem; } dd { margin: 0; } dl.terms dt { margin: 0; }
a { color: var(--accent); }
[hidden] { display: none !important; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 44rem) {
  body { font-size: 15px; }
  details.sample > summary { grid-template-columns: 1fr 1fr; }
  .bar-row, .pair .bar-row { grid-template-columns: minmax(6rem, 1fr) auto; padding-bottom: .35rem; }
  .bar-row .track { grid-row: 2; grid-column: 1 / -1; } .bar-row .val { text-align: right; }
  .bars { padding: 0 .8rem; } ul { padding-left: 1.2rem; } li { overflow-wrap: anywhere; }
  .axis-row > :first-child, .axis-row .val { display: none; } .axis-row .track { grid-row: 1; }
  .sides { grid-template-columns: 1fr; } dialog { padding: .7rem; } pre { max-height: 20rem; }
  .bar { flex-wrap: nowrap; overflow-x: auto; } .toggles { flex-wrap: nowrap; }
}
@media print {
  main { max-width: none; padding: 0; } .tools, .bar { display: none; }
  svg, .badge { print-color-adjust: exact; } pre { max-height: none; }
  h2, h3, h4 { break-after: avoid; } .bars, .plot, tr { break-inside: avoid; }
  .scroll, .tall { overflow: visible; max-height: none; } button.sort::after { content: ""; }
}
)";

const std::string_view kPagePatterns = R"(<svg class="defs" aria-hidden="true"><defs>
<pattern id="o2" width="7" height="7" patternUnits="userSpaceOnUse"><rect class="bo2" width="7" height="7"/><path class="ha" d="M-1,8L8,-1"/></pattern>
<pattern id="o4" width="7" height="7" patternUnits="userSpaceOnUse"><rect class="bo4" width="7" height="7"/><path class="ha" d="M-1,8L8,-1"/></pattern>
<pattern id="o5" width="6" height="6" patternUnits="userSpaceOnUse"><rect class="bo5" width="6" height="6"/><path class="ha" d="M3,0V6"/></pattern>
<pattern id="o6" width="7" height="7" patternUnits="userSpaceOnUse"><rect class="bo6" width="7" height="7"/><circle class="hd" cx="3.5" cy="3.5" r="1.4"/></pattern>
<pattern id="o7" width="6" height="6" patternUnits="userSpaceOnUse"><rect class="bo7" width="6" height="6"/><path class="ha" d="M0,3H6"/></pattern>
<pattern id="o8" width="8" height="8" patternUnits="userSpaceOnUse"><rect class="bo8" width="8" height="8"/><path class="ha" d="M0,4H8M4,0V8"/></pattern>
<pattern id="o9" width="7" height="7" patternUnits="userSpaceOnUse"><rect class="bo9" width="7" height="7"/><path class="hp" d="M-1,8L8,-1M-1,-1L8,8"/></pattern>
<pattern id="m2" width="7" height="7" patternUnits="userSpaceOnUse"><rect class="bm2" width="7" height="7"/><path class="ha" d="M-1,8L8,-1"/></pattern>
<pattern id="m3" width="7" height="7" patternUnits="userSpaceOnUse"><rect class="bm3" width="7" height="7"/><circle class="hd" cx="3.5" cy="3.5" r="1.3"/></pattern>
</defs></svg>)";

}  // namespace assay
