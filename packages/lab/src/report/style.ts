import { paletteCss } from './palette.js';

/** The page's style: system fonts, two columns that become one on narrow screens, light and dark by the reader's setting. */
export const pageStyle = `${paletteCss(':root')}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 ui-sans-serif,system-ui,-apple-system,'Segoe UI',Inter,Roboto,'Helvetica Neue',Arial,sans-serif;-webkit-font-smoothing:antialiased;font-variant-numeric:tabular-nums}
main{max-width:1160px;margin:0 auto;padding:44px 24px 64px}
.eyebrow{margin:0 0 6px;color:var(--accent);font-size:12.5px;font-weight:600;letter-spacing:.06em;text-transform:uppercase}
h1{margin:0 0 10px;font-size:30px;line-height:1.2;font-weight:680;letter-spacing:-.018em;text-wrap:balance}
.lede{margin:0 0 26px;max-width:76ch;color:var(--soft);font-size:16.5px}
h2{margin:34px 0 12px;font-size:18px;font-weight:650;letter-spacing:-.01em}
h3{margin:0 0 2px;font-size:14.5px;font-weight:620}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:14px;margin:0 0 26px;padding:0;list-style:none}
.tile{padding:16px 18px 14px;background:var(--card);border:1px solid var(--line);border-radius:12px}
.tile b{display:block;font-size:29px;line-height:1.15;font-weight:680;letter-spacing:-.02em}
.tile span{display:block;margin-top:3px;font-weight:560}
.tile small{display:block;margin-top:2px;color:var(--soft);font-size:12.5px;line-height:1.4}
.legend{display:flex;flex-wrap:wrap;gap:6px 20px;margin:0 0 12px;padding:0;list-style:none;font-size:13px}
.legend li{display:flex;align-items:center;gap:8px}
.legend svg{flex:none}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(430px,100%),1fr));gap:16px}
figure{margin:0;padding:16px 18px 12px;background:var(--card);border:1px solid var(--line);border-radius:12px;min-width:0}
figure.wide{grid-column:1/-1}
figure svg.marks,figure>svg{display:block;width:100%;height:auto;margin-top:10px}
figcaption{color:var(--soft);font-size:12.5px;line-height:1.45}
figcaption h3{color:var(--ink)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:12px}
table{width:100%;border-collapse:collapse;font-size:13.5px}
th,td{padding:9px 11px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:top}
thead th{color:var(--soft);font-size:12px;font-weight:560;white-space:normal;vertical-align:bottom}
th:first-child,td:first-child{text-align:left}
tbody th{font-weight:560;white-space:normal;min-width:190px}
tbody tr:last-child>*{border-bottom:0}
.caption{margin:8px 2px 0;color:var(--soft);font-size:12.5px}
.swatch{display:inline-block;width:10px;height:10px;margin-right:9px;border-radius:3px}
.notes{margin:0;padding:16px 20px 16px 38px;background:var(--card);border:1px solid var(--line);border-radius:12px}
.notes li+li{margin-top:6px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 18px;margin:0;font-size:13px}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
details{margin-top:16px}summary{cursor:pointer;color:var(--soft);font-size:13px}
details .scroll{margin-top:10px}
footer{margin-top:36px;color:var(--soft);font-size:12.5px}
@media print{body{background:#fff}figure,.tile,.scroll,.notes{break-inside:avoid}}`;
