/** The report's looks: light and dark after the reader's system, printable, readable at any width. */
export const pageStyle = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2230;--soft:#5a6475;--line:#e3e7ee;--panel:#f6f8fb;--accent:#2f62c9;--good:#1f7a4d;--bad:#b3352f;--muted:#a9b1be;
--c0:#2f62c9;--c1:#d0661b;--c2:#1f8a64;--c3:#9a4bb3;--c4:#c23a55;--c5:#0c8aa6;--c6:#8a7b16;--c7:#6a5acd;--c8:#b0568a;--c9:#5d7d3a}
@media (prefers-color-scheme:dark){:root{--paper:#12161d;--ink:#e7ebf2;--soft:#9aa5b7;--line:#2a313d;--panel:#1a2029;--accent:#7fa8ff;--good:#5fc795;--bad:#f08a80;--muted:#596475;
--c0:#7fa8ff;--c1:#f59a57;--c2:#56c79b;--c3:#cb8fe0;--c4:#f0829a;--c5:#55c3dc;--c6:#d3c250;--c7:#a99cf5;--c8:#e595c3;--c9:#a3c57a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1080px;margin:0 auto;padding:32px 24px 80px}
h1{font-size:26px;line-height:1.25;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:19px;margin:44px 0 12px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:15px;margin:26px 0 8px}
p{margin:8px 0 14px;max-width:76ch}.lead{color:var(--soft);max-width:90ch}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin:18px 0 0;font-size:14px}
a{color:var(--accent)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(250px,1fr));gap:14px;margin:22px 0}
.card{background:var(--panel);border:1px solid var(--line);border-left:4px solid var(--colour);border-radius:8px;padding:14px 16px}
.card h3{margin:0 0 2px;overflow-wrap:anywhere}.card .origin{font-size:12.5px;color:var(--soft)}
.card .figure{font-size:26px;line-height:1.25;font-weight:650;letter-spacing:-.02em;margin-top:6px}.card .figure small{font-size:13px;font-weight:400;color:var(--soft);letter-spacing:0}
.card p{font-size:13.5px;margin:4px 0 0;color:var(--soft)}
.good{color:var(--good)}.bad{color:var(--bad)}
.warnings{background:var(--panel);border-left:4px solid var(--c1);border-radius:6px;padding:10px 16px 10px 34px;margin:18px 0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;margin:8px 0 18px}
th,td{text-align:right;padding:5px 9px;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:top}
th:first-child,td:first-child{position:sticky;left:0;background:var(--paper)}
th{font-weight:600;color:var(--soft);border-bottom:2px solid var(--line)}th:first-child,td:first-child,.left{text-align:left}
tbody tr:hover{background:var(--panel)}td.text{white-space:normal;text-align:left;min-width:260px;max-width:440px}td.wrap{white-space:normal;overflow-wrap:anywhere;text-align:left}
.rule td{border-top:2px solid var(--line)}
.family th{text-align:left;border-bottom:1px solid var(--line);padding-top:16px;color:var(--ink);white-space:normal}
.notes{font-size:13.5px;color:var(--soft);margin:0 0 18px;padding-left:20px;max-width:90ch}.notes strong{color:var(--ink);font-weight:600}
td .origin{display:block;font-size:12px;color:var(--soft)}
figure{margin:14px 0 22px}figcaption{font-size:13px;color:var(--soft);margin-top:6px;max-width:90ch}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;fill:var(--soft)}
.axes line{stroke:var(--line)}.axes .title{fill:var(--ink)}
.plot>input{accent-color:var(--accent);margin:0 4px 0 0}.plot>label{margin-right:14px;font-size:13.5px}.plot .switch{display:contents;border:0}.plot .switch legend{float:left;font-size:13.5px;color:var(--soft);margin:0 12px 0 0;padding:0}
#x-log:checked~.linear,#x-linear:checked~.log{display:none}
.hull{fill:none;stroke:var(--colour,var(--c0));stroke-width:2.2;stroke-linejoin:round}
.point{fill:var(--colour);fill-opacity:.32;stroke:var(--colour);stroke-width:1;cursor:pointer}.point.on,.point:hover{fill-opacity:1;stroke:var(--ink);stroke-width:2}
.series:focus-visible{outline:none}.series:focus-visible .hull{stroke-width:4}
.zero polyline{fill:none;stroke:var(--soft);stroke-width:1.6;stroke-dasharray:5 4}
.mark{cursor:pointer}.mark text{fill:var(--ink);font-size:11px;paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}.single rect{fill:var(--paper);stroke:var(--ink);stroke-width:1.6}
.mark.on rect,.mark:hover rect{fill:var(--ink)}.oracle path{fill:var(--c6);stroke:var(--ink);stroke-width:.8}.random path{fill:none;stroke:var(--ink);stroke-width:1.8}
.off{display:none}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:6px 0 0;padding:0;font-size:13px}.legend label{cursor:pointer}.legend+.scroll{margin-top:14px}.legend em{color:var(--soft)}.legend input{accent-color:var(--colour);vertical-align:-2px}
.swatch{display:inline-block;width:12px;height:12px;border-radius:3px;background:var(--colour);margin:0 6px 0 3px;vertical-align:-1px}
.swatch.dashed{background:none;border-top:2px dashed var(--soft);border-radius:0;height:5px}.swatch.diamond{background:var(--paper);border:1.6px solid var(--ink);border-radius:0;transform:rotate(45deg) scale(.75)}
.shares path{stroke:var(--paper);stroke-width:.6}.guide{stroke:var(--ink);stroke-width:1;visibility:hidden}.guide.on{visibility:visible}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,380px));gap:28px}.small-multiples{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:18px;margin:12px 0}.small-multiples strong{font-size:12.5px;font-weight:600;overflow-wrap:anywhere}
.band{fill:var(--colour);fill-opacity:.16;stroke:none}.dashed{stroke-dasharray:5 4}.event line{stroke:var(--bad);stroke-dasharray:2 3}.event text{fill:var(--bad)}.level{stroke:var(--ink);stroke-dasharray:5 4}
.whisker{stroke:var(--colour);stroke-width:2.2}.whisker.outline{stroke-dasharray:none;stroke-width:1.4}.hollow{fill:var(--paper);fill-opacity:1}.logged-band{fill:var(--muted);fill-opacity:.22}.wide-name{fill:var(--ink)}
.diagonal{stroke:var(--soft);stroke-dasharray:4 4}.bin{fill:var(--c0);fill-opacity:.75;stroke:var(--paper)}
.gain{width:150px;height:16px;display:inline-block;vertical-align:-3px}.gain line{stroke:var(--ink);stroke-width:1.6}.gain .nought{stroke:var(--muted);stroke-width:1}.gain circle{fill:var(--ink)}
details{margin:10px 0}summary{cursor:pointer;font-weight:600;font-size:14px}
code,pre{font:12.5px ui-monospace,"SF Mono",Menlo,"DejaVu Sans Mono",monospace}pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:12px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
#tip{position:absolute;z-index:9;pointer-events:none;background:var(--paper);color:var(--ink);border:1px solid var(--line);border-radius:8px;box-shadow:0 6px 24px #0003;padding:10px 13px;font-size:13px;max-width:330px;min-width:190px}
#tip[hidden]{display:none}#tip strong{display:block;overflow-wrap:anywhere}#tip dl{display:grid;grid-template-columns:auto auto;gap:1px 14px;margin:5px 0 0}#tip dt{color:var(--soft)}#tip dd{margin:0;text-align:right}
#tip .bar{grid-column:1/-1;display:grid;grid-template-columns:1fr auto;gap:0 10px;position:relative}#tip .bar i{position:absolute;left:0;bottom:0;height:2px;background:var(--accent)}#tip .bar span:first-child{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
footer{margin-top:48px;color:var(--soft);font-size:13px;border-top:1px solid var(--line);padding-top:14px}
@media (max-width:640px){main{padding:20px 14px 60px}.plot,.shares{overflow-x:auto}.plot svg,.shares svg{min-width:640px}
th:first-child,td:first-child{min-width:112px;max-width:44vw;white-space:normal;overflow-wrap:break-word}td.text{min-width:44vw}.family th{position:static;max-width:none}}
@media print{nav,#tip,.plot>input,.plot>label,.plot .switch{display:none}details>*{display:block}h2{break-after:avoid}figure,table{break-inside:avoid}}
`;
