import { createHash } from 'node:crypto'

/** The look of the page, on screens and on paper, light and dark. */
export const style = `
:root { color-scheme: light dark;
  --paper: #f6f7f9; --card: #fff; --ink: #1b2330; --soft: #566274; --line: #d9dee6; --accent: #24507a;
  --ok: #2f7d5b; --denied: #b3392f; --waiting: #b07a12; --failed: #6d5aa8; --plain: #3f74a6; --model: #2b8a93; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #12161d; --card: #1b212b; --ink: #e6eaf0; --soft: #a3afbf; --line: #333d4b; --accent: #8fbbe6;
  --ok: #58b48b; --denied: #ec8278; --waiting: #dfaa4b; --failed: #ab9be0; --plain: #72a8d8; --model: #5cbcc4; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 40px; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 36px 0 8px; font-size: 1.25rem; }
.brand { margin: 0 0 4px; color: var(--accent); font-weight: 600; letter-spacing: .06em; text-transform: uppercase; font-size: .78rem; }
.verdict { margin: 10px 0 14px; font-size: 1.1rem; }
.remark, .none, small, footer { color: var(--soft); }
.remark { margin: 0 0 10px; font-size: .9rem; }
small { display: block; font-size: .8rem; overflow-wrap: anywhere; }
.facts { display: flex; flex-wrap: wrap; gap: 6px 28px; margin: 0 0 20px; }
.facts div { min-width: 0; } .facts dt { color: var(--soft); font-size: .8rem; } .facts dd { margin: 0; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(145px, 1fr)); gap: 12px; margin: 0 0 16px; }
.tile { background: var(--card); border: 1px solid var(--line); border-top: 3px solid var(--plain); border-radius: 8px; padding: 10px 14px; }
.tile.alarm { border-top-color: var(--denied); } .tile.notice { border-top-color: var(--waiting); }
.tile dt { color: var(--soft); font-size: .85rem; } .tile dd { margin: 0; }
.tile strong { display: block; font-size: 1.4rem; line-height: 1.3; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; } .tile span { color: var(--soft); font-size: .82rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); gap: 14px; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; min-width: 0; break-inside: avoid; }
#time { grid-column: 1 / -1; }
figcaption { font-weight: 600; font-size: 1.05rem; margin-bottom: 2px; }
.picture { overflow-x: auto; }
svg { display: block; width: 100%; height: auto; } svg.bars { max-width: 560px; min-width: 300px; } #time svg { min-width: 560px; }
svg text { fill: var(--ink); font-size: 13px; } svg .label { fill: var(--soft); font-size: 12px; }
svg .grid { stroke: var(--line); } svg .axis { stroke: var(--soft); }
.ok { fill: var(--ok); } .denied { fill: var(--denied); } .waiting { fill: var(--waiting); } .failed { fill: var(--failed); } .plain { fill: var(--plain); } .model { fill: var(--model); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; margin: 8px 0 0; padding: 0; font-size: .85rem; }
.key { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 6px; }
.key.ok { background: var(--ok); } .key.denied { background: var(--denied); } .key.waiting { background: var(--waiting); } .key.failed { background: var(--failed); }
details { margin-top: 10px; font-size: .9rem; } summary { cursor: pointer; color: var(--accent); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
details .scroll { margin-top: 8px; max-height: 320px; overflow-y: auto; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; } caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: left; vertical-align: top; padding: 7px 12px; border-bottom: 1px solid var(--line); } tbody tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td { max-width: 420px; overflow-wrap: break-word; } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.badge { display: inline-block; padding: 0 8px; border-radius: 10px; border: 1px solid currentColor; font-size: .8rem; white-space: nowrap; }
.badge.ok { color: var(--ok); } .badge.denied, .denied-text { color: var(--denied); } .badge.waiting { color: var(--waiting); } .badge.failed { color: var(--failed); }
footer { margin-top: 32px; font-size: .85rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 560px) { main { padding: 18px 12px; } h1 { font-size: 1.5rem; } .tiles { grid-template-columns: 1fr 1fr; } th, td { padding: 6px 8px; } }
@media print { :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --accent: #24507a;
    --ok: #2f7d5b; --denied: #b3392f; --waiting: #b07a12; --failed: #6d5aa8; --plain: #3f74a6; --model: #2b8a93; }
  body { font-size: 11px; } main { max-width: none; padding: 0; } rect, .key { print-color-adjust: exact; } details { display: none; }
  .charts { grid-template-columns: 1fr 1fr; } .scroll { overflow: visible; } thead { display: table-header-group; } tr { break-inside: avoid; } td { max-width: none; } }
`

/** Nothing may be loaded and nothing may run; this very style may be applied. */
export const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`
