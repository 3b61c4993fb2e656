/** A flame graph in one HTML file: nothing is loaded, a click enlarges a function, a click on the lowest bar shows all again. */
import { type CpuProfile, type Frame, framesOf } from './samples.js';

/** Frames below this share of all time are left out: no screen shows them, and the file stays small. */
const SHARE_MIN = 0.0005;

/** name, microseconds, children */
type Bar = readonly [string, number, readonly Bar[]];

export function flameGraphOf(profile: CpuProfile, title: string): string {
  const root = framesOf(profile);
  const data = JSON.stringify(barOf(root, root.us * SHARE_MIN)).replaceAll('<', '\\u003c');
  return PAGE.replaceAll('TITLE', escaped(title)).replace('"DATA"', () => data);
}

function barOf({ name, us, children }: Frame, usMin: number): Bar {
  const shown = [...children.values()].filter((child) => child.us >= usMin).sort((one, other) => other.us - one.us);
  return [name, Math.round(us), shown.map((child) => barOf(child, usMin))];
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>TITLE</title>
<style>
  body { margin: 16px; font: 12px/1.4 system-ui, sans-serif; background: #fff; color: #222; }
  h1 { font-size: 16px; margin: 0 0 4px; }
  #said { height: 20px; color: #555; }
  #find { width: 280px; margin: 4px 0 8px; font: inherit; }
  #graph { position: relative; }
  .bar { position: absolute; height: 17px; box-sizing: border-box; padding: 0 3px; overflow: hidden; white-space: nowrap; cursor: pointer;
    border: 1px solid #fff; border-radius: 2px; }
  .bar.found { outline: 2px solid #0050c8; outline-offset: -2px; }
</style>
</head>
<body>
<h1>TITLE</h1>
<div>Time runs in no order here: a bar is as wide as its function and all that it called took. Click a bar to enlarge it.</div>
<input id="find" type="search" placeholder="find a function" aria-label="find a function">
<div id="said"></div>
<div id="graph"></div>
<script>
const root = "DATA";
const ROW = 18;
const graph = document.getElementById('graph');
const said = document.getElementById('said');
const find = document.getElementById('find');
let path = [root];

function colour(name) {
  let mixed = 7;
  for (const char of name.replace(/:.*/, '')) mixed = (mixed * 31 + char.charCodeAt(0)) >>> 0;
  return 'hsl(' + (10 + (mixed % 45)) + ' 85% ' + (62 + (mixed >> 8) % 14) + '%)';
}

function describe([name, us], within) {
  const share = (part, whole) => (100 * part / whole).toFixed(2) + ' %';
  return name + ': ' + (us / 1000).toFixed(1) + ' ms, ' + share(us, root[1]) + ' of all, ' + share(us, within[1]) + ' of what is shown';
}

function draw() {
  graph.textContent = '';
  const width = graph.clientWidth;
  const focus = path[path.length - 1];
  const term = find.value.toLowerCase();
  let deepest = 0;
  const put = (bar, left, wide, depth, trail) => {
    if (wide < 1) return;
    deepest = Math.max(deepest, depth);
    const element = document.createElement('div');
    element.className = 'bar' + (term !== '' && bar[0].toLowerCase().includes(term) ? ' found' : '');
    element.style.cssText = 'left:' + left + 'px;top:' + depth * ROW + 'px;width:' + wide + 'px;background:' + colour(bar[0]);
    if (wide > 30) element.textContent = bar[0];
    element.title = bar[0];
    element.onmouseenter = () => { said.textContent = describe(bar, focus); };
    element.onclick = () => { path = trail; draw(); };
    graph.append(element);
  };
  // The callers of what is enlarged stay on top, full width.
  path.slice(0, -1).forEach((bar, depth) => put(bar, 0, width, depth, path.slice(0, depth + 1)));
  const place = (bar, left, wide, depth, trail) => {
    put(bar, left, wide, depth, trail);
    let at = left;
    for (const child of bar[2]) {
      const childWide = wide * child[1] / bar[1];
      if (childWide >= 1) place(child, at, childWide, depth + 1, [...trail, child]);
      at += childWide;
    }
  };
  place(focus, 0, width, path.length - 1, path);
  graph.style.height = (deepest + 1) * ROW + 'px';
  said.textContent = describe(focus, focus);
}

find.oninput = draw;
window.onresize = draw;
draw();
</script>
</body>
</html>
`;
