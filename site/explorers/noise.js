// Explorer 3, Take the noise away: pictures with a slider for the noise, and the arrow field of a denoiser of points.
//
// The best straight line and the best answer for points are computed here, from noise_data; the networks run in the Worker.
// Noise is not clipped before it is answered: the Wiener filter is then the best affine map. Scores clip the answers.

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const CURVES = {
  circle: { window: 1.8, grid: 12, first: [0.9, 1.2] },
  wave: { window: 3.6, grid: 13, first: [0.9, 2] },
};
const NAMES = {
  110: "boot",
  9: "sandal",
  80: "checks",
  0: "stripes",
  135: "bag",
  8: "sneaker",
  54: "pullover",
  18: "print",
  91: "shirt",
  4: "dungarees",
}; // of test pictures, in strings.json
const POINTS = 64; // noisy points that arrows start at
const POINTS_NOISE = 50;

export default async function begin(explorer) {
  const data = await explorer.arrays("noise_data");
  await Promise.all([showPictures(explorer.part("pictures"), data), showPoints(explorer.part("points"), data)]);
}

// Mathematics: pure functions --------------------------------------------------------------------------------------------

/** White noise of level 1 for a number: the same number, the same noise. Xorshift, then pairs by Box and Muller. */
export function whiteNoise(number, count) {
  let state = Math.imul(number, 2654435761) >>> 0;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  for (let i = 0; i < 20; i++) uniform(); // neighbouring numbers begin alike
  const noise = new Float32Array(count + 1);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    noise[i] = radius * Math.cos(angle);
    noise[i + 1] = radius * Math.sin(angle);
  }
  return noise.subarray(0, count);
}

/** The Wiener filter of a level: along each axis the share v / (v + σ²), pixel by pixel what the axes leave over. */
export function bestLine(noisy, level, { mean, axes, variances, rest, free }) {
  const count = variances.data.length;
  const along = new Float64Array(count);
  const away = Float64Array.from(noisy, (value, i) => value - mean.data[i]);
  for (let i = 0; i < away.length; i++) {
    for (let k = 0; k < count; k++) along[k] += away[i] * axes.data[i * count + k];
  }
  const answer = new Float32Array(away.length);
  const variance = level * level;
  const share = Float64Array.from(variances.data, (v) => v / (v + variance));
  for (let i = 0; i < away.length; i++) {
    let [kept, inside] = [0, 0];
    for (let k = 0; k < count; k++) {
      const part = along[k] * axes.data[i * count + k];
      inside += part;
      kept += part * share[k];
    }
    const left = rest.data[i] / Math.max(rest.data[i] + variance * free.data[i], 1e-12);
    answer[i] = mean.data[i] + kept + (away[i] - inside) * left;
  }
  return answer;
}

/** PSNR of an answer that is clipped to [0, 1]. */
export function decibels(clean, answer) {
  let sum = 0;
  for (let i = 0; i < clean.length; i++) sum += (clean[i] - Math.min(Math.max(answer[i], 0), 1)) ** 2;
  return -10 * Math.log10(sum / clean.length);
}

/** The mean of the curve's points [x, y, x, y, ...], each weighted by how likely it is behind the noisy point. */
export function bestAnswer([x, y], curve, level) {
  const distances = new Float64Array(curve.length / 2);
  let nearest = Infinity;
  for (let i = 0; i < distances.length; i++) {
    distances[i] = (x - curve[2 * i]) ** 2 + (y - curve[2 * i + 1]) ** 2;
    nearest = Math.min(nearest, distances[i]);
  }
  let [total, u, v] = [0, 0, 0];
  for (let i = 0; i < distances.length; i++) {
    const weight = Math.exp((nearest - distances[i]) / (2 * level * level)); // 1 for the nearest: never all 0
    total += weight;
    u += weight * curve[2 * i];
    v += weight * curve[2 * i + 1];
  }
  return [u / total, v / total];
}

// Pictures ---------------------------------------------------------------------------------------------------------------

async function showPictures(part, data) {
  const { levels, shown, decibels: measured } = data.facts;
  const number = part.root.querySelector("#noise-number");
  const panels = ["noisy", "line", "network", "truth"];
  const pictures = Object.fromEntries(panels.map((name) => [name, part.picture(name, { width: SIDE, height: SIDE })]));
  const written = (value) => part.number(value, 2);
  const nameOf = (test) => part.text(NAMES[test]);
  for (const input of choice().querySelectorAll("input")) input.nextElementSibling.alt = nameOf(input.value);

  const chart = part.chart("gain", {
    x: { label: part.text("chartX"), ticks: [0.1, 0.2, 0.3, 0.4, 0.5], range: [0.05, 0.5], show: (v) => part.number(v, 1) },
    y: { label: part.text("chartY"), ticks: [0, 0.5, 1, 1.5, 2], show: (v) => part.number(v, 1) },
    height: 220,
  });
  const leads = levels.map((level, i) => measured.network[i] - measured.line[i]);
  const points = levels.map((level, i) => [level, leads[i]]);

  const chosen = part.choice("picture", () => acted("picture"));
  const slider = part.slider("level", { values: levels, show: written, on: () => acted("level") });
  number.addEventListener("input", () => number.validity.valid && number.value && acted("number"));
  part.button("fresh", () => {
    number.value = (Number(number.value) % 9999) + 1;
    acted("number");
  });

  function choice() {
    return part.find("choice", "picture");
  }

  function acted(name) {
    part.act(name);
    return answer();
  }

  async function answer() {
    const [test, level, at] = [chosen.value, slider.value, slider.index];
    const place = shown.findIndex((one) => String(one.test) === test);
    const truth = data.pictures.data.subarray(place * PIXELS, (place + 1) * PIXELS);
    const noise = whiteNoise(Number(number.value), PIXELS);
    const noisy = truth.map((value, i) => value + level * noise[i]);
    const line = bestLine(noisy, level, data);
    part.show({ picture: `${test}:${Number(test) + 1}`, level: level.toFixed(2), number: number.value });
    const said = await part.ask("pictures", [{ network: "noise_pictures", input: [noisy, line, Float32Array.of(level)] }]);
    if (!said) return;
    const seen = { noisy, line, network: said[0], truth };
    const scores = {};
    for (const name of panels) {
      pictures[name].draw(seen[name]);
      if (name === "truth") {
        pictures.truth.describe(part.text("truthSeen", { picture: nameOf(test) }));
        continue;
      }
      scores[name] = decibels(truth, seen[name]);
      const score = part.number(scores[name], 1);
      part.show({ [`db-${name}`]: score });
      pictures[name].describe(part.text(`${name}Seen`, { picture: nameOf(test), score }));
    }
    drawChart(at);
    const gain = scores.network - scores.line;
    part.say(
      part.text("said", {
        level: written(level),
        picture: nameOf(test),
        noisy: part.number(scores.noisy, 1),
        line: part.number(scores.line, 1),
        network: part.number(scores.network, 1),
        wins: part.text(gain < 0 ? "loses" : "wins", { gain: part.number(Math.abs(gain), 1) }),
        share: part.number(100 * 10 ** (-leads[at] / 10)),
      }),
    );
  }

  function drawChart(at) {
    const one = (i) => part.number(leads[i], 1);
    chart.draw({
      series: [{ kind: "network", points, dots: points.filter((_, i) => i % 5 === 0) }],
      lines: [{ x: levels[at] }, { y: 0, kind: "referee", from: levels[0], to: levels.at(-1) }],
      marks: [{ kind: "network", at: [levels[at], leads[at]], label: `${one(at)} ${part.text("dB")}` }],
      words: part.text("chartWords", {
        first: one(0),
        low: written(levels[0]),
        here: one(at),
        level: written(levels[at]),
        last: one(levels.length - 1),
        high: written(levels.at(-1)),
      }),
    });
  }

  await answer();
}

// Points -----------------------------------------------------------------------------------------------------------------

async function showPoints(part, data) {
  const range = { x: [-CURVES.circle.window, CURVES.circle.window], y: [-CURVES.circle.window, CURVES.circle.window] };
  const noise = whiteNoise(POINTS_NOISE, 2 * POINTS);
  let arrows = { starts: [], exact: [], learned: [], share: 1 };
  let sent = null; // what happens to the dragged point
  const two = (value) => part.number(value, 2);
  const pair = ([x, y]) => part.text("pair", { x: two(x), y: two(y) });

  const slider = part.slider("sigma", { values: data.facts.pointLevels, show: two, on: () => acted("sigma", field) });
  const curve = part.choice("curve", (name) => {
    const { window, first } = CURVES[name];
    for (const axis of [range.x, range.y]) axis.splice(0, 2, -window, window);
    point.handle.setAttribute("aria-valuemin", -window);
    point.handle.setAttribute("aria-valuemax", window);
    point.set(first);
    acted("model", field);
  });
  const starts = part.choice("starts", () => acted("", field));
  const map = part.map("field", { ...range, paint });
  const point = part.point(map, {
    label: part.text("point"),
    at: CURVES.circle.first,
    step: 0.05,
    mark: "diamond",
    on: () => acted("x", send),
  });

  function acted(name, then) {
    part.act(name);
    if (name === "x") part.root.querySelector('.explorer-code mark[data-value="y"]').classList.add("is-acting");
    return then();
  }

  function clean() {
    return data[curve.value].data;
  }

  /** Where arrows start: clean points, pushed by noise; or the places of a lattice. */
  function startsNow(level) {
    if (starts.value === "grid") {
      const { window, grid } = CURVES[curve.value];
      const places = Array.from({ length: grid }, (_, i) => window * (((2 * i + 1) / grid - 1) * 0.98));
      return places.flatMap((y) => places.map((x) => [x, y]));
    }
    const count = clean().length / 2;
    return Array.from({ length: POINTS }, (_, i) => {
      const one = Math.floor(((i + 0.5) / POINTS) * count);
      return [0, 1].map((c) => clean()[2 * one + c] + level * noise[2 * i + c]);
    });
  }

  async function learned(channel, places, level) {
    const input = [Float32Array.from(places.flat()), new Float32Array(places.length).fill(Math.log(level))];
    const said = await part.ask(channel, [{ network: `noise_${curve.value}`, input }]);
    return said && places.map(([x, y], i) => [x - level * said[0][2 * i], y - level * said[0][2 * i + 1]]);
  }

  /** All arrows anew, and those of the point. */
  async function field() {
    const level = slider.value;
    const places = startsNow(level);
    const share = starts.value === "grid" ? 0.5 : 1;
    const answers = await learned("field", places, level);
    if (answers) arrows = { starts: places, exact: places.map((one) => bestAnswer(one, clean(), level)), learned: answers, share };
    await send();
  }

  /** The point alone. */
  async function send() {
    const [at, level, name] = [point.at, slider.value, curve.value];
    part.show({ x: at[0].toFixed(2), y: at[1].toFixed(2), sigma: level.toFixed(2), model: name });
    const exact = bestAnswer(at, clean(), level);
    const answers = await learned("point", [at], level);
    if (!answers) return;
    sent = { at, exact, learned: answers[0] };
    map.redraw();
    const step = (answer) => answer.map((value, c) => value - at[c]);
    const score = (answer) => step(answer).map((value) => value / level ** 2);
    for (const [who, answer] of [["exact", exact], ["learned", answers[0]]]) {
      part.show({
        [`${who}-answer`]: pair(answer),
        [`${who}-step`]: pair(step(answer)),
        [`${who}-score`]: pair(score(answer)),
      });
    }
    const away = name === "circle" ? ([x, y]) => Math.hypot(x, y) : (place) => distanceTo(clean(), place);
    const variables = { now: two(away(exact)), before: two(away(at)) };
    part.say(
      part.text("fieldSaid", {
        sigma: two(level),
        at: pair(at),
        exact: pair(exact),
        miss: two(Math.hypot(exact[0] - answers[0][0], exact[1] - answers[0][1])),
        where: part.text(name === "circle" ? "fromCentre" : "fromCurve", variables),
      }),
    );
    const words = { starts: part.text(starts.value), curve: part.text(name), sigma: two(level) };
    map.describe(part.text("fieldAlt", words));
  }

  function paint({ context, colours, x, y, width }) {
    const line = clean();
    context.lineJoin = context.lineCap = "round";
    context.beginPath();
    for (let i = 0; i < line.length; i += 2) context.lineTo(x(line[i]), y(line[i + 1]));
    if (curve.value === "circle") context.closePath();
    context.strokeStyle = colours.line;
    context.lineWidth = 8;
    context.stroke();
    const { starts: from, exact, learned: guessed, share } = arrows;
    const end = (answers, i) => from[i].map((value, c) => value + share * (answers[i][c] - value));
    const draw = (start, stop, style) => arrow(context, [x(start[0]), y(start[1])], [x(stop[0]), y(stop[1])], style);
    const thick = { colour: colours.referee, width: Math.max(5, width / 60), alpha: 0.45 };
    const thin = { colour: colours.network, width: 1.6, alpha: 1, halo: colours.ground };
    from.forEach((start, i) => draw(start, end(exact, i), thick));
    from.forEach((start, i) => draw(start, end(guessed, i), thin));
    if (share === 1) {
      context.fillStyle = colours.muted;
      for (const [u, v] of from) disc(context, x(u), y(v), 2.2);
    }
    if (!sent) return;
    draw(sent.at, sent.exact, { ...thick, width: 1.2 * thick.width, alpha: 1 });
    draw(sent.at, sent.learned, { ...thin, width: 2.2 });
  }

  await field();
}

function distanceTo(curve, [x, y]) {
  let nearest = Infinity;
  for (let i = 0; i < curve.length; i += 2) nearest = Math.min(nearest, Math.hypot(x - curve[i], y - curve[i + 1]));
  return nearest;
}

function disc(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/** A line with a head; a short arrow has a small head, and one without length none. */
function arrow(context, [x0, y0], [x1, y1], { colour, width, alpha, halo }) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 0.5) return;
  const head = Math.min(2.2 * width + 4, 0.6 * length);
  const [dx, dy] = [(x1 - x0) / length, (y1 - y0) / length];
  context.save();
  context.globalAlpha = alpha;
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = width;
  context.lineCap = "butt";
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1 - dx * head * 0.8, y1 - dy * head * 0.8);
  if (halo) {
    // Keeps a thin arrow apart from the thick one that it lies on
    context.strokeStyle = halo;
    context.lineWidth = width + 1.6;
    context.stroke();
    context.strokeStyle = colour;
    context.lineWidth = width;
  }
  context.stroke();
  context.beginPath();
  context.moveTo(x1, y1);
  for (const side of [-1, 1]) context.lineTo(x1 - head * (dx + side * 0.45 * dy), y1 - head * (dy - side * 0.45 * dx));
  context.fill();
  context.restore();
}
