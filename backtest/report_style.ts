/** The report's style: system fonts, colours that the colour-blind can tell apart (Okabe and Ito), light and dark. */
export const STYLE = `
:root{--ink:#1b2733;--soft:#5b6b7a;--paper:#fff;--line:#dde4ea;--bar:#b9c9d6;--share:#0072b2;--alert:#d55e00;--event:#7a5195;--price:#009e73}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9db0c0;--paper:#10171e;--line:#2a3743;--bar:#3a4c5b;--share:#56b4e9;--alert:#e69f00;--event:#cc79a7;--price:#35c79a}}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:980px;margin:0 auto;padding:24px 16px 64px}
h1{font-size:24px;margin:0 0 8px}h2{font-size:18px;margin:36px 0 8px}h3{font-size:15px;margin:0}
.facts{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:8px 28px;color:var(--soft)}.facts b{color:var(--ink);font-size:18px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{text-align:left;padding:4px 10px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
.note,.quiet,small,.legend{color:var(--soft)}.found{color:var(--price)}.missed{color:var(--alert)}
figure{margin:18px 0}figcaption{font-weight:600}svg{width:100%;height:auto;display:block}
svg text{fill:var(--soft);font:11px system-ui,sans-serif}.axis path{stroke:var(--soft)}
svg .bars{fill:var(--bar)}svg .share{fill:none;stroke:var(--share);stroke-width:1.5}svg .price{fill:none;stroke:var(--price);stroke-width:1.2}
svg .event{stroke:var(--event);stroke-width:1.5;stroke-dasharray:4 3;fill:none}svg .alert{fill:var(--alert)}
.k{display:inline-block;width:14px;height:10px;margin-left:12px}.k.bars{background:var(--bar)}.k.share{background:var(--share)}.k.alert{background:var(--alert)}.k.event{background:var(--event)}.k.price{background:var(--price)}
.alerts{list-style:none;padding:0}.alerts>li{border-left:3px solid var(--alert);padding:2px 0 2px 12px;margin:14px 0}.alerts p{margin:2px 0}.alerts ol{margin:4px 0;padding-left:20px}
svg .dot{fill:var(--share)}svg .missing{stroke:var(--alert);stroke-width:2;fill:none}svg .guide{stroke:var(--line);stroke-width:2}svg .zero{stroke:var(--soft);stroke-width:1}
svg .interval{stroke:var(--share);stroke-width:2.5}svg .placebo{fill:var(--line)}svg .usual{stroke:var(--soft);stroke-width:1.5;fill:none}svg .past{fill:var(--bar)}svg .judged{fill:var(--alert)}
.shown{display:flex;flex-wrap:wrap;gap:6px 24px;align-items:flex-start;margin:6px 0}.small{flex:0 0 300px;width:300px}dl{flex:1 1 320px;display:grid;grid-template-columns:max-content 1fr;gap:0 12px;margin:0}dt{color:var(--soft)}dd{margin:0}
code{font-size:13px}
`.replaceAll('\n', '');
