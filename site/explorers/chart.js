// Curves as SVG: sharp at any size, printed as they are, coloured by explorer.css, so that light and dark need no redraw.
//
//   const curve = explorer.chart("error", {
//     x: {label: "numbers in the code", ticks: [2, 4, 8], log: true},      // or {label, ticks, range: [low, high]}
//     y: {label: "error, dB", ticks: [10, 15, 20]},
//     on: (tick) => ...,                                // the tick of x nearest to where the curve was pressed; beside a
//                                                       // control that keys reach, never instead of one
//   });
//   curve.draw({
//     series: [{kind: "network" | "referee" | "trivial" | "accent", label: "network", points: [[x, y], ...]}],
//                                                       // the label stands at the first point (end: true: the last), above or (below: true) below
//                                                   // dots: [[x, y], ...] where not every point has a marker
//     yTicks: [0.01, 0.02],                             // other ticks than above, for these curves
//     marks: [{kind, at: [x, y], label: "14.0"}],       // a larger marker; its label beside it
//     lines: [{x: 8}, {y: 12.1, kind: "referee", from: x, to: x}],         // vertical or horizontal, dashed
//     words: "what the curve shows, for who does not see it",
//   });
//
// Kinds differ in colour, dash and marker.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 60, right: 16, top: 14, bottom: 42 };
const MARKERS = {
  network: (x, y, r) => ["circle", { cx: x, cy: y, r }],
  referee: (x, y, r) => ["path", { d: `M${x - 1.3 * r} ${y}l${1.3 * r} ${-1.3 * r}l${1.3 * r} ${1.3 * r}l${-1.3 * r} ${1.3 * r}z` }],
  trivial: (x, y, r) => ["rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r }],
  accent: (x, y, r) => ["path", { d: `M${x - 1.2 * r} ${y + r}h${2.4 * r}l${-1.2 * r} ${-2.2 * r}z` }],
};

export function chart(explorer, holder, { x, y, on, height = 260 }) {
  let last = null;

  function axis({ ticks, range, log }, from, to) {
    const [low, high] = range ?? [ticks[0], ticks.at(-1)];
    const bend = log ? Math.log : (value) => value;
    return (value) => from + ((bend(value) - bend(low)) / (bend(high) - bend(low))) * (to - from);
  }

  function draw(content) {
    last = content;
    const width = Math.max(holder.clientWidth, 240);
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": content.words ?? "" });
    const right = width - MARGIN.right;
    const bottom = height - MARGIN.bottom;
    const yTicks = content.yTicks ?? y.ticks;
    const toX = axis(x, MARGIN.left + 8, right - 8);
    const fromX = (pixel) => x.ticks.reduce((a, b) => (Math.abs(toX(b) - pixel) < Math.abs(toX(a) - pixel) ? b : a));
    const toY = axis({ ...y, ticks: yTicks }, bottom, MARGIN.top);
    for (const tick of yTicks) {
      add(svg, "line", { class: "grid", x1: MARGIN.left, x2: right, y1: toY(tick), y2: toY(tick) });
      add(svg, "text", { class: "tick", x: MARGIN.left - 8, y: toY(tick) + 4, "text-anchor": "end" }, y.show?.(tick) ?? tick);
    }
    for (const tick of x.ticks) {
      add(svg, "text", { class: "tick", x: toX(tick), y: bottom + 18, "text-anchor": "middle" }, x.show?.(tick) ?? tick);
    }
    add(svg, "text", { class: "label", x: (MARGIN.left + right) / 2, y: height - 6, "text-anchor": "middle" }, x.label);
    const turn = `translate(13 ${(MARGIN.top + bottom) / 2}) rotate(-90)`;
    add(svg, "text", { class: "label", transform: turn, "text-anchor": "middle" }, y.label);
    for (const line of content.lines ?? []) {
      const across =
        line.x === undefined
          ? { x1: toX(line.from ?? x.ticks[0]), x2: toX(line.to ?? x.ticks.at(-1)), y1: toY(line.y), y2: toY(line.y) }
          : { x1: toX(line.x), x2: toX(line.x), y1: MARGIN.top, y2: bottom };
      add(svg, "line", { class: `here ${line.kind ?? ""}`, ...across });
    }
    for (const { kind, label, below, end, points, dots = points } of content.series) {
      const path = points.map(([u, v], i) => `${i ? "L" : "M"}${toX(u).toFixed(1)} ${toY(v).toFixed(1)}`).join("");
      add(svg, "path", { class: `curve ${kind}`, d: path });
      for (const [u, v] of dots) add(svg, ...styled(MARKERS[kind](toX(u), toY(v), 3), `marker ${kind}`));
      const [u, v] = end ? points.at(-1) : points[0];
      const at = { x: toX(u), y: toY(v) + (below ? 20 : -10), "text-anchor": end ? "end" : "start" };
      if (label) add(svg, "text", { class: `name ${kind}`, ...at }, label);
    }
    for (const { kind, at, label, below } of content.marks ?? []) {
      add(svg, ...styled(MARKERS[kind](toX(at[0]), toY(at[1]), 6), `mark ${kind}`));
      if (!label) continue;
      const late = toX(at[0]) > right - 70;
      const place = { x: toX(at[0]) + (late ? -11 : 11), y: toY(at[1]) + (below ? 18 : -8) };
      add(svg, "text", { class: `value ${kind}`, ...place, "text-anchor": late ? "end" : "start" }, label);
    }
    if (on) svg.addEventListener("pointerdown", (event) => on(fromX(event.offsetX)));
    svg.classList.toggle("is-answering", Boolean(on));
    holder.replaceChildren(svg);
  }
  new ResizeObserver(() => last && draw(last)).observe(holder);
  return { draw };
}

const styled = ([kind, attributes], name) => [kind, { ...attributes, class: name }];

function make(kind, attributes) {
  const element = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function add(parent, kind, attributes, text) {
  const element = make(kind, attributes);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
}
