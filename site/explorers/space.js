// A space to sample from (lesson 05): a map of codes, the picture that the decoder draws at a point, draws from the prior,
// and the encoder's guess for a picture that nobody trained on. authoring/web/explorers/space.py makes the files.
//
// Everything on the map is placed in shares of its sides (0 to 1), so that the four views, two networks with their codes as
// trained or moved and scaled, share one map. Only the cloud of codes is a canvas; rings, names and marks are elements.

import { channelsOf } from "./drawing.js";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const NEAREST = 15; // codes that say what kind of clothes a place holds
const MOSTLY = 0.7; // from this share of them on, a place is "among" one kind
const KINDS = ["tee", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"];
const READ = {
  "plain trained": "mu = plain_encoder.predict(unseen)",
  "plain scaled": "mu = (plain_encoder.predict(unseen) - centre) / spread",
  "vae trained": "mu, sigma = vae.posterior(unseen)",
  "vae scaled": "mu, sigma = models.standardise_codes(vae, train).posterior(unseen)",
};
const KEPT = 10; // draws that stay in sight
const TILES = 14; // pictures along each side of the map of pictures

/** One network with its codes in one place ("trained" or "scaled"): coordinates of the map, and what lies where. */
export class View {
  constructor(data, network, place) {
    const told = data.facts[network];
    Object.assign(this, told[place], { network, place, labels: data.labels.data });
    const scaled = data[`${network}_codes`].data;
    this.affine = { centre: told.centre, spread: told.spread };
    this.codes = new Float32Array(scaled.length);
    for (let i = 0; i < scaled.length; i += 2) {
      [this.codes[i], this.codes[i + 1]] = this.fromScaled([scaled[i] * data.facts.unit, scaled[i + 1] * data.facts.unit]);
    }
    this.distances = new Float32Array(scaled.length / 2);
    this.counted = { drawn: 0, near: 0 };
  }

  /** How many of all draws, newest first, land near a code; only those that are new are looked at. */
  count(drawn) {
    for (const epsilon of drawn.slice(0, drawn.length - this.counted.drawn)) this.counted.near += this.look(epsilon).near;
    this.counted.drawn = drawn.length;
    return this.counted;
  }

  /** Moved and scaled coordinates to those of this view, and back. */
  fromScaled(z) {
    return this.place === "scaled" ? z : this.asDecoded(z);
  }

  toScaled(z) {
    const { centre, spread } = this.affine;
    return this.place === "scaled" ? z : z.map((value, i) => (value - centre[i]) / spread[i]);
  }

  asDecoded(scaled) {
    const { centre, spread } = this.affine;
    return scaled.map((value, i) => centre[i] + spread[i] * value);
  }

  /** What the decoder is given for a place on this map. */
  toDecoder(z) {
    return this.place === "scaled" ? this.asDecoded(z) : z;
  }

  /** Mean and width that the encoder said, on this map. */
  fromEncoder(mu, sigma) {
    const { centre, spread } = this.affine;
    if (this.place === "trained") return { mu, sigma };
    return { mu: mu.map((m, i) => (m - centre[i]) / spread[i]), sigma: sigma.map((s, i) => s / spread[i]) };
  }

  toShare([x, y]) {
    const [left, right, bottom, top] = this.window;
    return [(x - left) / (right - left), (y - bottom) / (top - bottom)];
  }

  fromShare([x, y]) {
    const [left, right, bottom, top] = this.window;
    return [left + x * (right - left), bottom + y * (top - bottom)];
  }

  /** What lies around a place: {distance of the nearest code, near, kinds: the most frequent first, [kind, share]}. */
  look([x, y]) {
    const { codes, distances, labels } = this;
    for (let i = 0; i < distances.length; i++) distances[i] = Math.hypot(codes[2 * i] - x, codes[2 * i + 1] - y);
    const nearest = [];
    for (let i = 0; i < distances.length; i++) {
      if (nearest.length === NEAREST && distances[i] >= distances[nearest.at(-1)]) continue;
      let at = nearest.length;
      while (at > 0 && distances[nearest[at - 1]] > distances[i]) at--;
      nearest.splice(at, 0, i);
      nearest.length = Math.min(nearest.length, NEAREST);
    }
    const counts = new Array(10).fill(0);
    for (const i of nearest) counts[labels[i]] += 1 / NEAREST;
    const kinds = counts.map((share, kind) => [kind, share]).filter(([, share]) => share);
    kinds.sort((a, b) => b[1] - a[1]);
    const distance = distances[nearest[0]];
    return { distance, near: distance <= this.reach, kinds };
  }
}

/** Two numbers from N(0, I), by Box and Muller 1958. */
export function drawNormal(random = Math.random) {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  const turn = 2 * Math.PI * random();
  return [radius * Math.cos(turn), radius * Math.sin(turn)];
}

/** KL(N(mu, sigma²) from N(0, 1)), summed over the latents, in nats. */
export function rateOf({ mu, sigma }) {
  return mu.reduce((sum, m, i) => sum + 0.5 * (m * m + sigma[i] ** 2 - 1) - Math.log(sigma[i]), 0);
}

/** Paint or rub out one dab of a soft brush, in place; pixels are squares of side 1, x to the right, y down. */
export function dab(picture, x, y, { erase = false, radius = 1.9, strength = 0.55 } = {}) {
  for (let row = Math.max(0, Math.floor(y - radius)); row <= Math.min(SIDE - 1, y + radius); row++) {
    for (let column = Math.max(0, Math.floor(x - radius)); column <= Math.min(SIDE - 1, x + radius); column++) {
      const weight = Math.max(0, 1 - Math.hypot(column + 0.5 - x, row + 0.5 - y) / radius);
      const i = row * SIDE + column;
      picture[i] = Math.min(1, Math.max(0, picture[i] + (erase ? -1 : 1) * strength * Math.min(1, 1.6 * weight)));
    }
  }
}

/** Four to seven round numbers within an interval. */
export function roundTicks(low, high) {
  const rough = (high - low) / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough);
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(Math.round(tick / step) * step);
  return ticks;
}

export default async function space(explorer) {
  const data = await explorer.arrays("space_data");
  const { facts } = data;
  const views = {};
  for (const network of ["plain", "vae"]) {
    for (const place of ["trained", "scaled"]) views[`${network} ${place}`] = new View(data, network, place);
  }
  const state = {
    ...facts.start, // network, place, z: where the point is
    drawn: [], // all draws from the prior, newest first: the same two numbers whatever the network
    atDraw: false, // the point stands on the newest draw
    paper: new Float32Array(PIXELS), // the picture that the encoder reads
    guess: null,
    tiles: null,
  };
  const reading = explorer.part("read"); // its live text is its own: two things said at once are none
  const view = () => views[`${state.network} ${state.place}`];
  const decoder = () => `space_${state.network}_decoder`;
  const kindNamed = (kind) => nameOf(explorer, kind);
  const pair = (z, digits = 2) => `(${z.map((value) => explorer.number(value, digits)).join(", ")})`;
  const python = (z) => `[${Array.from(z, (value) => (Math.round(100 * value) / 100 + 0).toFixed(2)).join(", ")}]`;

  // What is seen, in words ---------------------------------------------------------------------------------------------

  function around({ kinds }) {
    const [[first, share], second] = kinds;
    if (share >= MOSTLY || !second) return explorer.text("among", { kind: kindNamed(first) });
    return explorer.text("between", { one: kindNamed(first), other: kindNamed(second[0]) });
  }

  function whereIs(seen) {
    const distance = explorer.number(seen.distance, seen.distance < 10 ? 2 : 0);
    if (seen.near) return explorer.text("whereNear", { around: around(seen), distance });
    const times = seen.distance / view().reach;
    return explorer.text("whereGap", {
      distance,
      times: explorer.number(times, times < 10 ? 1 : 0),
      kind: kindNamed(seen.kinds[0][0]),
    });
  }

  // The map ------------------------------------------------------------------------------------------------------------

  const overlay = makeOverlay(explorer, facts);
  const map = explorer.map("codes", {
    x: [0, 1],
    y: [0, 1],
    paint: (pen) => (state.shows === "pictures" ? paintTiles(pen) : paintCloud(pen, view(), facts.colours)),
  });
  const point = explorer.point(map, {
    label: explorer.text("pointLabel"),
    at: view().toShare(state.z),
    step: 1 / 80,
    show: (share) => pair(view().fromShare(share)), // what lies there, the live text says
    on: (share) => {
      state.atDraw = false;
      state.z = view().fromShare(share);
      explorer.act("code_z");
      showPoint();
    },
  });

  function describeMap() {
    const [network, place] = [state.network, state.place].map((key) => explorer.text(key));
    const share = explorer.number(100 * view().near);
    map.describe(explorer.text(state.shows === "pictures" ? "altTiles" : "altMap", { network, place, share, tiles: TILES }));
  }

  function paintTiles(pen) {
    if (!state.tiles) return;
    const tile = Math.min(pen.width, pen.height) / TILES;
    state.tiles.forEach((canvas, i) => {
      if (!canvas) return;
      pen.context.imageSmoothingEnabled = false;
      pen.context.drawImage(canvas, (i % TILES) * tile, Math.floor(i / TILES) * tile, tile + 0.5, tile + 0.5);
    });
  }

  /** Fills the map of pictures row by row, so that the point's own picture never waits for long. */
  async function askTiles() {
    if (state.shows !== "pictures") return;
    const asked = view();
    const tiles = (state.tiles = new Array(TILES * TILES).fill(null));
    for (let row = 0; row < TILES; row++) {
      const codes = Array.from({ length: TILES }, (_, column) => [(column + 0.5) / TILES, 1 - (row + 0.5) / TILES]);
      const input = Float32Array.from(codes.flatMap((share) => asked.toDecoder(asked.fromShare(share))));
      const answers = await explorer.ask("tiles", [{ network: `space_${asked.network}_decoder`, input }]);
      if (!answers || state.tiles !== tiles) return;
      for (let column = 0; column < TILES; column++) {
        tiles[row * TILES + column] = canvasOf(answers[0].subarray(column * PIXELS, (column + 1) * PIXELS));
      }
      map.redraw();
    }
  }

  // The point and its picture ------------------------------------------------------------------------------------------

  const decoded = explorer.picture("decoded", { width: SIDE, height: SIDE });

  async function showPoint({ quiet = false } = {}) {
    const { z } = state;
    const seen = view().look(z);
    const where = whereIs(seen);
    point.set(view().toShare(z));
    explorer.show({
      z: pair(z),
      where: explorer.text(seen.near ? "near" : "gap"),
      around: seen.near ? around(seen) : explorer.text("nearestAre", { kind: kindNamed(seen.kinds[0][0]) }),
      distance: explorer.number(seen.distance, 2),
      code_z: state.atDraw ? "random.standard_normal((1, 2))" : `np.array([${python(z)}])`,
      code_was: state.atDraw ? `  # ${python(z)}` : "",
      code_decoder: state.network === "vae" ? "vae.decoder" : "plain_decoder",
      code_input: state.place === "trained" ? "z" : "centre + spread * z",
      code_gap: seen.distance.toFixed(2),
    });
    explorer.find("value", "where").classList.toggle("is-gap", !seen.near);
    drawMeter(explorer, seen.distance / view().reach, facts.usual);
    if (!quiet) explorer.say(explorer.text(state.atDraw ? "sayDraw" : "sayPoint", { z: pair(z), where }));
    const answers = await explorer.ask("point", [{ network: decoder(), input: Float32Array.from(view().toDecoder(z)) }]);
    if (!answers) return;
    decoded.draw(answers[0]);
    decoded.describe(explorer.text("altDecoded", { where }));
  }

  // Draws from the prior -----------------------------------------------------------------------------------------------

  const strip = makeStrip(explorer);

  function draw(count) {
    for (let i = 0; i < count; i++) state.drawn.unshift(drawNormal());
    state.atDraw = true;
    state.z = state.drawn[0];
    explorer.act("code_z");
    showPoint({ quiet: count > 1 });
    showDraws();
    if (count > 1) explorer.say(explorer.text("sayDraws", { count, ...kindsDrawn() }));
  }

  const lastDraws = () => state.drawn.slice(0, KEPT);

  function kindsDrawn() {
    const seen = lastDraws().map((epsilon) => view().look(epsilon)).filter(({ near }) => near);
    const names = [...new Set(seen.map(({ kinds }) => kindNamed(kinds[0][0])))];
    return { near: seen.length, kinds: names.length ? names.join(", ") : explorer.text("none") };
  }

  async function showDraws() {
    const last = lastDraws();
    const seen = last.map((epsilon) => view().look(epsilon));
    overlay.marks(last.map((epsilon, i) => ({ share: view().toShare(epsilon), near: seen[i].near })));
    explorer.show({
      drawn: last.length ? explorer.text("drew", { epsilon: pair(last[0]) }) : explorer.text("notDrawn"),
      tally: last.length ? explorer.text("tally", view().count(state.drawn)) : "",
    });
    if (!last.length) return;
    const input = Float32Array.from(last.flatMap((epsilon) => view().toDecoder(epsilon)));
    const answers = await explorer.ask("draws", [{ network: decoder(), input }]);
    if (!answers) return;
    strip.draw(answers[0], seen, (one, i) =>
      explorer.text("altDraw", { number: i + 1, where: whereIs(one) }),
    );
  }

  // The encoder reads --------------------------------------------------------------------------------------------------

  const paper = explorer.picture("paper", { width: SIDE, height: SIDE });
  const copy = explorer.picture("copy", { width: SIDE, height: SIDE });
  const lens = explorer.map("lens", { x: [0, 1], y: [0, 1], paint: (pen) => paintLens(pen, view(), state, facts) });

  async function read({ quiet = true } = {}) {
    paper.draw(state.paper);
    const asked = view();
    const answers = await explorer.ask("read", [{ network: `space_${asked.network}_encoder`, input: state.paper.slice() }]);
    if (!answers || asked !== view()) return;
    const sure = asked.network === "vae";
    const [mu, logVariance] = sure ? answers[0] : [answers[0], null];
    const width = sure ? Array.from(logVariance, (value) => Math.exp(0.5 * value)) : [0, 0];
    explorer.find("button", "guess").disabled = !sure;
    state.guess = asked.fromEncoder(Array.from(mu), width);
    overlay.guess(asked, state.guess);
    lens.redraw();
    const copies = await explorer.ask("copy", [{ network: `space_${asked.network}_decoder`, input: mu }]);
    if (!copies || asked !== view()) return;
    copy.draw(copies[0]);
    const error = Math.sqrt(copies[0].reduce((sum, value, i) => sum + (value - state.paper[i]) ** 2, 0) / PIXELS);
    const seen = asked.look(state.guess.mu);
    const told = {
      mu: pair(state.guess.mu),
      sigma: sure ? pair(state.guess.sigma) : explorer.text("noWidth"),
      rate: sure ? explorer.text("nats", { rate: explorer.number(rateOf(state.guess), 1) }) : explorer.text("noRate"),
      error: explorer.number(error, 2),
    };
    explorer.show({
      ...told,
      code_read: READ[`${asked.network} ${asked.place}`],
      code_mu: `mu ${python(state.guess.mu)}${sure ? `, sigma ${python(state.guess.sigma)}` : ""}`,
    });
    lens.describe(explorer.text(sure ? "altGuess" : "altCode", { ...told, where: whereIs(seen) }));
    copy.describe(explorer.text("altCopy", { where: around(seen), error: told.error }));
    reading.say(explorer.text(sure ? "sayGuess" : "sayCode", { ...told, where: around(seen) }), { quiet });
  }

  const chosen = explorer.choice("unseen", (value) => {
    take(value);
    explorer.act("code_read");
    read({ quiet: false });
  });
  const take = (value) => {
    const at = Number(value);
    if (value === "empty") state.paper.fill(0);
    else state.paper.set(data.unseen.data.subarray(at * PIXELS, (at + 1) * PIXELS));
    paper.describe(paperWords(value));
  };
  const paperWords = (value) =>
    value === "empty" ? explorer.text("altEmpty") : explorer.text("altPaper", { kind: kindNamed(facts.unseen_kinds[value]) });

  const erasing = explorer.root.querySelector('.space-tool input[value="erase"]');
  letPaint(reading, paper, (x, y, { quiet }) => {
    dab(state.paper, x, y, { erase: erasing.checked });
    explorer.act("code_read");
    paper.describe(explorer.text("altPainted"));
    read({ quiet });
  });
  explorer.button("restore", () => {
    take(chosen.value);
    read({ quiet: false });
  });
  explorer.button("guess", () => {
    if (!state.guess) return;
    const epsilon = drawNormal();
    state.atDraw = false;
    state.z = state.guess.mu.map((mu, i) => mu + state.guess.sigma[i] * epsilon[i]);
    explorer.act("code_read");
    showPoint();
  });

  // What can be switched -----------------------------------------------------------------------------------------------

  function switchTo(change) {
    const scaled = view().toScaled(state.z);
    Object.assign(state, change, { tiles: null });
    // A draw stays the same two numbers; a point that was put somewhere stays with its picture, or in the same part of the map
    state.z = state.atDraw ? state.drawn[0] : view().fromScaled(scaled);
    state.guess = null;
    overlay.view(view());
    showShares();
    map.redraw();
    describeMap();
    askTiles();
    showPoint({ quiet: true });
    showDraws();
    read();
    explorer.act("network" in change ? "code_decoder" : "code_input");
    const share = explorer.number(100 * view().near, 0);
    const [network, place] = [state.network, state.place].map((key) => explorer.text(key));
    explorer.say(explorer.text("saySwitch", { network, place, share, kinds: view().kinds }));
  }

  function showShares() {
    const rows = ["plain", "vae"].map((network) => ({ network, ...facts[network][state.place] }));
    drawShares(explorer, rows, state.network, { near: facts.usual, kinds: view().unseen_kinds });
    explorer.show({ axes: explorer.text(state.network === "plain" && state.place === "trained" ? "axesDiffer" : "axesAlike") });
  }

  explorer.choice("network", (network) => switchTo({ network })).set(state.network);
  explorer.choice("place", (place) => switchTo({ place })).set(state.place);
  const shows = explorer.choice("shows", (value) => {
    state.shows = value;
    state.tiles = null;
    explorer.root.classList.toggle("shows-pictures", value === "pictures");
    map.redraw();
    describeMap();
    askTiles();
    explorer.say(explorer.text(value === "pictures" ? "sayPictures" : "sayCodes"));
  });
  shows.set("codes");
  explorer.button("draw", () => draw(1));
  explorer.button("draws", () => draw(KEPT));

  overlay.view(view());
  showShares();
  chosen.set("0");
  take("0");
  describeMap();
  showDraws();
  await showPoint();
  await read();
}

/** The name of a kind, 0 to 9, in the reader's language. */
function nameOf(explorer, kind) {
  return explorer.text(`${KINDS[kind]}Kind`);
}

// Parts of the figure ----------------------------------------------------------------------------------------------------

/** Rings, names, ticks and marks over the map: elements, so that they are text, and change colour with the page. */
function makeOverlay(explorer, facts) {
  const holder = explorer.find("drawn", "overlay");
  holder.replaceChildren();
  const make = (name, text = "") => {
    const element = document.createElement("span");
    element.className = name;
    element.textContent = text;
    holder.append(element);
    return element;
  };
  const rings = [1, 2].map(() => make("space-ring"));
  const guess = [make("space-guess"), make("space-guess-mean")];
  const names = facts.kinds.map((_, kind) => make("space-name", nameOf(explorer, kind)));
  const prior = make("space-name is-prior", explorer.text("priorName"));
  const here = make("explorer-point-still");
  const marks = Array.from({ length: KEPT }, () => make("space-mark"));
  let ticks = [];

  const percent = (share) => `${(100 * share).toFixed(2)}%`;
  const put = (element, [x, y]) => Object.assign(element.style, { left: percent(x), top: percent(1 - y) });
  function ellipse(element, view, middle, radii) {
    const [left, right, bottom, top] = view.window;
    put(element, view.toShare([middle[0] - radii[0], middle[1] + radii[1]]));
    Object.assign(element.style, {
      width: percent((2 * radii[0]) / (right - left)),
      height: percent((2 * radii[1]) / (top - bottom)),
    });
  }

  return {
    view(view) {
      rings.forEach((ring, i) => ellipse(ring, view, [0, 0], [i + 1, i + 1]));
      names.forEach((name, kind) => put(name, view.toShare(view.names[kind])));
      put(prior, view.toShare([0, 2]));
      put(here, view.toShare(facts.start.z)); // where the point will be; gone once there is one
      for (const tick of ticks) tick.remove();
      const [left, right, bottom, top] = view.window;
      const inside = (share) => share > 0.07 && share < 0.95;
      ticks = [
        ...roundTicks(left, right).map((value) => [view.toShare([value, bottom]), value, "space-tick is-x"]),
        ...roundTicks(bottom, top).map((value) => [view.toShare([left, value]), value, "space-tick is-y"]),
      ]
        .filter(([[x, y], , kind]) => inside(kind.endsWith("x") ? x : y))
        .map(([share, value, kind]) => {
          const tick = make(kind, explorer.number(value, Number.isInteger(value) ? 0 : 1));
          put(tick, share);
          return tick;
        });
      for (const element of guess) element.hidden = true;
    },
    guess(view, { mu, sigma }) {
      for (const element of guess) element.hidden = false;
      ellipse(guess[0], view, mu, sigma.map((s) => 2 * s));
      put(guess[1], view.toShare(mu));
    },
    marks(drawn) {
      marks.forEach((mark, i) => {
        mark.hidden = !drawn[i];
        if (!drawn[i]) return;
        put(mark, drawn[i].share);
        mark.className = `space-mark ${drawn[i].near ? "is-near" : "is-gap"} ${i ? "" : "is-newest"}`;
      });
    },
  };
}

function paintCloud({ context, x, y, colours }, view, kindColours) {
  const dark = luminance(colours.ground) < 0.5;
  context.globalAlpha = dark ? 0.6 : 0.45;
  for (let kind = 0; kind < kindColours.length; kind++) {
    context.fillStyle = kindColours[kind];
    for (let i = 0; i < view.labels.length; i++) {
      if (view.labels[i] !== kind) continue;
      const [u, v] = view.toShare([view.codes[2 * i], view.codes[2 * i + 1]]);
      context.fillRect(x(u) - 0.8, y(v) - 0.8, 1.6, 1.6);
    }
  }
  context.globalAlpha = 1;
}

/** The surroundings of the guess, enlarged: the codes there, and one and two standard deviations. */
function paintLens({ context, width, height, colours }, view, { guess }, facts) {
  if (!guess) return;
  const [left, right, bottom, top] = view.window;
  const zoom = Math.max(0.035, ...guess.sigma.map((s, i) => (3 * s) / (i ? top - bottom : right - left)));
  const half = [zoom * (right - left), zoom * (top - bottom)];
  const place = ([a, b]) => [
    width * (0.5 + (a - guess.mu[0]) / (2 * half[0])),
    height * (0.5 - (b - guess.mu[1]) / (2 * half[1])),
  ];
  context.globalAlpha = 0.75;
  for (let i = 0; i < view.labels.length; i++) {
    const [px, py] = place([view.codes[2 * i], view.codes[2 * i + 1]]);
    if (px < 0 || py < 0 || px > width || py > height) continue;
    context.fillStyle = facts.colours[view.labels[i]];
    context.fillRect(px - 1.5, py - 1.5, 3, 3);
  }
  context.globalAlpha = 1;
  context.strokeStyle = colours.ink;
  context.fillStyle = colours.ink;
  context.lineWidth = 2;
  for (const times of guess.sigma[0] ? [1, 2] : []) {
    context.beginPath();
    const radii = guess.sigma.map((s, i) => (times * s * (i ? height : width)) / (2 * half[i]));
    context.ellipse(width / 2, height / 2, radii[0], radii[1], 0, 0, 2 * Math.PI);
    context.stroke();
  }
  context.beginPath();
  context.arc(width / 2, height / 2, 3, 0, 2 * Math.PI);
  context.fill();
}

/** How far the nearest code is, in units of what is usual; the mark stands at one. */
function drawMeter(explorer, times, usual) {
  const shown = Math.min(times, 3) / 3;
  const words = explorer.text("meter", { usual: explorer.number(100 * usual) });
  explorer.find("drawn", "meter").innerHTML =
    `<span class="space-meter-bar ${times > 1 ? "is-gap" : ""}" style="width:${(100 * shown).toFixed(1)}%"></span>` +
    `<span class="space-meter-usual"></span><span class="space-meter-words">${words}</span>`;
}

/** Of 10,000 draws, how many land where codes are: a table with bars. */
function drawShares(explorer, rows, current, unseen) {
  const row = (label, share, kinds, chosen) =>
    `<tr class="${chosen ? "is-chosen" : ""}"><th scope="row">${label}</th>` +
    `<td class="space-bar"><span style="width:${(65 * share).toFixed(1)}%"></span>${explorer.number(100 * share)} %</td>` +
    `<td>${kinds}</td></tr>`;
  explorer.find("drawn", "shares").innerHTML =
    `<table><caption>${explorer.text("sharesCaption")}</caption><thead><tr><th scope="col">${explorer.text("sharesWho")}</th>` +
    `<th scope="col">${explorer.text("sharesShare")}</th><th scope="col">${explorer.text("sharesKinds")}</th></tr></thead><tbody>` +
    rows.map((one) => row(explorer.text(one.network), one.near, one.kinds, one.network === current)).join("") +
    row(explorer.text("unseenClothes"), unseen.near, unseen.kinds, false) +
    "</tbody></table>";
}

/** Ten small pictures, with a sign below each that says where the draw landed. */
function makeStrip(explorer) {
  const list = explorer.root.querySelector(".space-strip");
  const items = Array.from({ length: KEPT }, () => {
    const item = document.createElement("li");
    const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
    const sign = document.createElement("span");
    sign.setAttribute("aria-hidden", "true");
    item.append(canvas, sign);
    return { item, canvas, sign };
  });
  list.replaceChildren(...items.map(({ item }) => item));
  return {
    draw(pictures, seen, describe) {
      seen.forEach((one, i) => {
        const { canvas, item, sign } = items[i];
        putPixels(canvas, pictures.subarray(i * PIXELS, (i + 1) * PIXELS));
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", describe(one, i));
        item.className = one.near ? "is-near" : "is-gap";
        sign.textContent = one.near ? "●" : "✕";
      });
      list.removeAttribute("aria-hidden"); // nothing to hear of ten empty places
    },
  };
}

/** Lets a mouse, a finger or the keyboard paint: on(x, y, {quiet}) in pixels of the picture. */
function letPaint(explorer, paper, on) {
  const { canvas } = paper;
  const holder = explorer.find("picture", "paper");
  const ring = document.createElement("span");
  ring.className = "space-brush";
  ring.hidden = true;
  holder.append(ring);
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-roledescription", explorer.text("drawing"));
  canvas.setAttribute("aria-describedby", "space-paint-help");
  let at = [SIDE / 2, SIDE / 2];
  let last = null;

  function showRing() {
    Object.assign(ring.style, { left: `${(100 * at[0]) / SIDE}%`, top: `${(100 * at[1]) / SIDE}%` });
  }
  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * SIDE) / box.width, ((event.clientY - box.top) * SIDE) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = at = placeOf(event);
    on(...at, { quiet: true });
  });
  canvas.addEventListener("pointermove", (event) => {
    at = placeOf(event);
    showRing();
    if (!last) return;
    const steps = Math.max(1, Math.ceil(Math.hypot(at[0] - last[0], at[1] - last[1])));
    for (let i = 1; i <= steps; i++) {
      on(last[0] + ((at[0] - last[0]) * i) / steps, last[1] + ((at[1] - last[1]) * i) / steps, { quiet: true });
    }
    last = at;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      if (last) on(...last, { quiet: false });
      last = null;
    });
  }
  canvas.addEventListener("focus", () => {
    ring.hidden = !canvas.matches(":focus-visible");
    showRing();
  });
  canvas.addEventListener("blur", () => (ring.hidden = true));
  canvas.addEventListener("keydown", (event) => {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[event.key];
    if (!way && event.key !== " ") return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    ring.hidden = false;
    if (way) {
      at = at.map((value, i) => Math.min(Math.max(value + way[i], 0.5), SIDE - 0.5));
      showRing();
      if (!event.shiftKey) return explorer.say(explorer.text("sayBrush", { row: Math.ceil(at[1]), column: Math.ceil(at[0]) }));
    }
    on(...at, { quiet: false });
  });
}

function canvasOf(pixels) {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  putPixels(canvas, pixels);
  return canvas;
}

function putPixels(canvas, pixels) {
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(SIDE, SIDE);
  pixels.forEach((value, i) => image.data.set([255 * value, 255 * value, 255 * value, 255], 4 * i));
  pen.putImageData(image, 0, 0);
}

/** 0 for black to 1 for white. */
function luminance(colour) {
  const [red, green, blue] = channelsOf(colour);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}
