// How many numbers? The original, PCA with k numbers and a network with k numbers beside each other, and both curves.
// PCA is computed here, from exported components; the networks are those of lesson 02's curve, a code size each.

const TICKS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];
const SHOWN_FROM = 2; // PCA's curve begins at two numbers, as the networks' does

export default async function numbers(explorer) {
  const data = await explorer.arrays("numbers_data");
  const { sizes, pictures, rows, mean } = data.facts;
  const shown = ["original", "pca", "network"].map((name) => explorer.picture(name, { width: 28, height: 28 }));
  const chart = explorer.chart("errors", {
    x: { label: explorer.text("numbersInCode"), ticks: [...sizes, 128], log: true },
    y: { label: explorer.text("error"), ticks: TICKS, log: true, show: (tick) => explorer.number(tick, 3) },
    on: (k) => {
      size.set(Math.min(sizes.length - 1, [...sizes, 128].indexOf(k)));
      explorer.act("k");
      draw();
    },
  });

  const picture = explorer.choice("picture", () => choose("row"));
  const curve = explorer.choice("curve", () => draw());
  const size = explorer.slider("size", {
    values: sizes,
    show: (k) => explorer.number(k),
    ticks: true,
    on: () => {
      explorer.act("k");
      draw();
    },
  });

  let current; // what is known of the chosen picture: {original, straight, bent, errors}
  await choose(null);

  /** Another picture: PCA at once, the networks when they have answered. */
  async function choose(acting) {
    explorer.act(acting);
    const at = pictures.indexOf(picture.value);
    const original = data.pictures.data.subarray(at * 784, (at + 1) * 784);
    const jobs = sizes.map((k) => ({ network: networkOf(k), input: original }));
    const bent = await explorer.ask("copies", jobs);
    if (!bent) return;
    const straight = pcaCopies(original, data);
    const errors = { pca: straight.map((copy) => error(original, copy)), network: bent.map((copy) => error(original, copy)) };
    current = { original, straight, bent, errors };
    explorer.show({ row: `${rows[at]}:${rows[at] + 1}` });
    draw();
  }

  /** What the chosen picture shows, in the words that stand beside it for who does not see it. */
  function nameOf() {
    return picture.fieldset.querySelector("label:has(input:checked) img").alt;
  }

  function draw() {
    if (!current) return;
    const { original, straight, bent, errors } = current;
    const k = size.value;
    const now = { pca: errors.pca[k], network: errors.network[size.index] };
    shown[0].draw(original);
    shown[0].describe(explorer.text("originalPicture", { name: nameOf() }));
    shown[1].draw(straight[k]);
    shown[2].draw(bent[size.index]);
    for (const [i, name] of ["pca", "network"].entries()) {
      shown[i + 1].describe(explorer.text(`${name}Picture`, { k, db: decibels(now[name]) }));
      explorer.show({
        [`${name}-db`]: explorer.text("db", { db: decibels(now[name]) }),
        [`${name}-mse`]: explorer.text("mse", { mse: explorer.number(now[name], 4) }),
      });
    }
    explorer.show({ k });
    const one = curve.value === "one";
    const lines = one ? errors : mean;
    const needed = firstAsGood(lines.pca, lines.network[size.index]);
    const words = sentence(k, lines, needed, one);
    drawCurves(k, lines, needed);
    explorer.say(words);
  }

  function drawCurves(k, { pca, network }, needed) {
    const straight = pca.map((e, n) => [n, e]).slice(SHOWN_FROM);
    const bent = sizes.map((n, i) => [n, network[i]]);
    const here = network[size.index];
    const all = [...straight, ...bent].map(([, e]) => e);
    const from = TICKS.findLastIndex((tick) => tick <= Math.min(...all));
    const to = TICKS.findIndex((tick) => tick >= Math.max(...all));
    const marks = [
      { kind: "referee", at: [k, pca[k]] },
      { kind: "network", at: [k, here] },
    ];
    const lines = [{ x: k }];
    if (needed > k) {
      lines.push({ y: here, from: k, to: needed ?? 128 });
      marks.push({ kind: "referee", at: [needed, pca[needed]], label: explorer.number(needed), below: false });
    }
    const short = (value) => explorer.number(value, 3);
    chart.draw({
      words: explorer.text("chartWords", {
        k,
        least: SHOWN_FROM,
        most: pca.length - 1,
        largest: sizes.at(-1),
        pcaFirst: short(pca[SHOWN_FROM]),
        pcaHere: short(pca[k]),
        pcaLast: short(pca.at(-1)),
        networkFirst: short(network[0]),
        networkHere: short(here),
        networkLast: short(network.at(-1)),
      }),
      yTicks: TICKS.slice(Math.max(from, 0), to < 0 ? undefined : to + 1),
      series: [
        { kind: "referee", label: "PCA", points: straight, dots: straight.filter(([n]) => sizes.includes(n)) },
        { kind: "network", label: explorer.text("network"), points: bent, below: true, end: true },
      ],
      marks,
      lines,
    });
  }

  function sentence(k, { pca, network }, needed, one) {
    const here = network[size.index];
    const values = {
      k: explorer.number(k),
      pca: decibels(pca[k]),
      network: decibels(here),
      needed: needed === null ? null : explorer.number(needed),
      most: explorer.number(pca.length - 1),
    };
    const first = explorer.text(one ? "says" : "saysAll", values);
    if (here > pca[k]) return `${first} ${explorer.text("behind", values)}`;
    if (needed === null) return `${first} ${explorer.text("never", values)}`;
    return `${first} ${explorer.text(needed > k ? "needs" : "same", values)}`;
  }

  function decibels(mse) {
    return explorer.number(-10 * Math.log10(mse), 1);
  }
}

const networkOf = (k) => `numbers_${String(k).padStart(2, "0")}`;

/** Mean squared error of a copy that is clipped to [0, 1]. */
function error(original, copy) {
  let sum = 0;
  for (let i = 0; i < original.length; i++) sum += (original[i] - Math.min(Math.max(copy[i], 0), 1)) ** 2;
  return sum / original.length;
}

/** PCA's copies of a picture with 0, 1, 2, … numbers. */
function pcaCopies(original, { mean, components }) {
  const pixels = original.length;
  let copy = Float64Array.from(mean.data);
  const copies = [copy];
  for (let k = 0; k < components.shape[0]; k++) {
    const axis = components.data.subarray(k * pixels, (k + 1) * pixels);
    let number = 0;
    for (let i = 0; i < pixels; i++) number += (original[i] - mean.data[i]) * axis[i];
    copy = copy.map((value, i) => value + number * axis[i]);
    copies.push(copy);
  }
  return copies;
}

/** With how many numbers PCA's error is as small; null where all of them are not enough. */
function firstAsGood(pca, wanted) {
  const found = pca.findIndex((mse) => mse <= wanted);
  return found < 0 ? null : found;
}
