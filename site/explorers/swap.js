// Swap: A's picture through the encoder, and the code through B's decoder, or through A's own. The heads are drawn ones on a
// grid of poses, so the true picture of B is known. A code can be mixed with that of another pose.

import { fetched } from "./worker.js";

const FULL_COLOUR = 0.3; // of the difference, mean over red, green and blue
const LONGEST_BAR = 0.025; // mean squared error
const PEOPLE = ["a", "b"];

export default async function swap(explorer) {
  const data = await explorer.arrays("swap_data");
  const { turns, mouths, side, first, other: otherFirst } = data.facts;
  const [heads, nearest] = await Promise.all([readHeads(data.facts), readSheet("swap_near.webp", side)]);
  const cellOf = ([turn, mouth]) => mouth * turns.length + turn;
  const cells = turns.length * mouths.length;

  const colour = { width: side, height: side, channels: 3 };
  const names = ["input", "drawn", "truth", "own", "swap", "near", "mean", "unchanged", "other"];
  const pictures = Object.fromEntries(names.map((name) => [name, explorer.picture(name, colour)]));
  const difference = explorer.picture("difference", { width: side, height: side, range: [0, FULL_COLOUR], colours: "difference" });

  const turn = explorer.slider("turn", { values: turns, show: turnWords, on: () => changed("turn") });
  const mouth = explorer.slider("mouth", { values: mouths, show: mouthWords, on: () => changed("mouth") });
  const share = explorer.slider("share", { show: (percent) => `${explorer.number(percent)} %`, on: () => changed("share") });
  const decoder = explorer.choice("decoder", () => changed("decoder"));
  let other = otherFirst;
  turn.set(first[0]);
  mouth.set(first[1]);
  dragging(explorer.find("picture", "input"), turn, mouth, changed);
  explorer.button("keep", () => {
    other = [turn.index, mouth.index];
    showOther();
    if (share.value) changed("share");
    else explorer.say(explorer.text("kept", { pose: poseWords(other) }));
  });

  const codes = new Map(); // cell -> code of A
  const drawn = { a: new Map(), b: new Map() }; // cell -> what the decoder draws from that code
  let asked = 0, drawing = 0, shown = 0; // numbers of requests: the newest one, the newest at the decoders, the one shown
  pictures.mean.draw(data.mean.data);
  showOther();
  await update();

  async function changed(acting) {
    explorer.act(acting);
    await update();
  }

  /** Ask for what the controls say; draw it unless something newer has been drawn. */
  async function update() {
    const number = ++asked;
    const state = { at: [turn.index, mouth.index], other, share: share.value / 100, decoder: decoder.value };
    pictures.input.draw(heads.a(cellOf(state.at)));
    const ends = state.share ? [state.at, state.other] : [state.at];
    const target = state.share ? between(state.at, state.other, state.share) : state.at;
    const needed = state.share ? [...ends, target] : ends;
    if (!(await encode(needed.map(cellOf))) || number < drawing) return;
    drawing = number;

    const code = mixed(ends.map((pose) => codes.get(cellOf(pose))), state.share);
    const known = state.share ? null : cellOf(state.at);
    const faces = await decode(code, known, state.share ? needed.map(cellOf) : []);
    if (!faces || number < shown) return;
    shown = number;
    show(state, target, faces);
  }

  /** Codes of A in all given cells; false where something newer came. */
  async function encode(wanted) {
    const missing = wanted.filter((cell, i) => !codes.has(cell) && wanted.indexOf(cell) === i);
    if (!missing.length) return true;
    const answers = await explorer.ask("encode", missing.map((cell) => ({ network: "swap_encoder", input: heads.a(cell) })));
    answers?.forEach((code, i) => codes.set(missing[i], code));
    return Boolean(answers);
  }

  /** What both decoders draw from a code (that of a cell, or a mixed one), and B's from the codes of other cells. */
  async function decode(code, cell, others) {
    const jobs = [], places = [];
    const faces = {};
    const want = (who, input, at, put) => {
      if (drawn[who].has(at)) return put(drawn[who].get(at));
      jobs.push({ network: `swap_decoder_${who}`, input });
      places.push((face) => {
        if (at !== null) drawn[who].set(at, face);
        put(face);
      });
    };
    for (const who of PEOPLE) want(who, code, cell, (face) => (faces[who] = face));
    faces.others = [];
    others.forEach((at, i) => want("b", codes.get(at), at, (face) => (faces.others[i] = face)));
    const answers = jobs.length ? await explorer.ask("decode", jobs) : [];
    answers?.forEach((face, i) => places[i](face));
    return answers && faces;
  }

  function show(state, target, faces) {
    const cell = cellOf(target);
    const truth = { a: heads.a(cell), b: heads.b(cell) };
    const errors = {
      own: meanSquared(faces.a, truth.a),
      swap: meanSquared(faces.b, truth.b),
      near: data.near_error.data[cell],
      mean: meanSquared(data.mean.data, truth.b),
      unchanged: meanSquared(truth.a, truth.b),
    };
    const who = state.decoder;
    pictures.drawn.draw(faces[who]);
    pictures.truth.draw(truth[who]);
    showDifference(meanDifference(faces[who], truth[who]));
    pictures.own.draw(faces.a);
    pictures.swap.draw(faces.b);
    pictures.near.draw(nearest(data.near.data[cell]));
    pictures.unchanged.draw(truth.a);
    for (const [name, error] of Object.entries(errors)) drawBar(name, error);
    for (const row of explorer.root.querySelectorAll("tr[data-row]")) {
      row.classList.toggle("is-shown", row.dataset.row === (who === "a" ? "own" : "swap"));
    }
    const pose = poseWords(state.at);
    explorer.show({
      pose,
      truthPose: poseWords(target),
      drawnName: explorer.text(who === "a" ? "drawnA" : "drawnB"),
      truthName: explorer.text(who === "a" ? "truthA" : "truthB"),
      drawnError: explorer.text("differs", { error: four(errors[who === "a" ? "own" : "swap"]) }),
      turn: turns[state.at[0]],
      mouth: mouths[state.at[1]].toFixed(1),
      rest: (1 - state.share).toFixed(2),
      share: state.share.toFixed(2),
      decoder: `decoder_${who}`,
    });
    const read = mostLike(faces.b);
    describe(who, pose, poseWords(target), poseWords(read));
    explorer.say(sentence(state, target, errors, read, faces));
  }

  function showDifference(pixels) {
    difference.draw(pixels);
    const thirds = ["upper", "middle", "lower"].map((third, i) => [third, mean(pixels, i / 3, (i + 1) / 3)]);
    const [third] = thirds.reduce((a, b) => (b[1] > a[1] ? b : a));
    const words = { mean: explorer.number(mean(pixels), 2), third: explorer.text(third) };
    difference.describe(explorer.text("differencePicture", words));
  }

  function drawBar(name, error) {
    const kind = name === "own" || name === "swap" ? "network" : "trivial";
    const length = (100 * Math.min(error / LONGEST_BAR, 1)).toFixed(1);
    explorer.find("chart", name).innerHTML =
      `<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><path class="${kind}" d="M0 0H${length}V10H0Z"/></svg>`;
    explorer.show({ [name]: four(error), [`${name}Db`]: explorer.text("db", { db: explorer.number(-10 * Math.log10(error), 1) }) });
  }

  function describe(who, pose, targetPose, readPose) {
    pictures.input.describe(explorer.text("inputPicture", { pose }));
    pictures.drawn.describe(explorer.text(who === "a" ? "drawnPictureA" : "drawnPictureB", { pose: who === "a" ? targetPose : readPose }));
    pictures.truth.describe(explorer.text(who === "a" ? "truthPictureA" : "truthPictureB", { pose: targetPose }));
  }

  function sentence(state, target, errors, read, faces) {
    const values = {
      most: explorer.text(cellOf(read) === cellOf(target) ? "mostSame" : "mostOther", { read: poseWords(read) }),
      count: explorer.number(cells),
      ...Object.fromEntries(Object.entries(errors).map(([name, error]) => [name, four(error)])),
    };
    if (state.share) {
      const [one, two, direct] = faces.others;
      const layers = one.map((value, i) => (1 - state.share) * value + state.share * two[i]);
      const truth = heads.b(cellOf(target));
      Object.assign(values, {
        share: explorer.number(100 * state.share),
        direct: four(meanSquared(direct, truth)),
        layers: four(meanSquared(layers, truth)),
      });
      return explorer.text(state.decoder === "a" ? "saysMixedOwn" : "saysMixed", values);
    }
    values.times = explorer.number(errors.swap / errors.own, 1);
    return explorer.text(state.decoder === "a" ? "saysOwn" : "says", values);
  }

  /** The pose of the true picture of B that a picture is most like. */
  function mostLike(face) {
    let best = 0, least = Infinity;
    for (let cell = 0; cell < cells; cell++) {
      const error = meanSquared(face, heads.b(cell));
      if (error < least) [best, least] = [cell, error];
    }
    return [best % turns.length, Math.floor(best / turns.length)];
  }

  function showOther() {
    pictures.other.draw(heads.a(cellOf(other)));
    pictures.other.describe(explorer.text("otherPicture", { pose: poseWords(other) }));
  }

  function poseWords([turnAt, mouthAt]) {
    return explorer.text("pose", { turn: turnWords(turns[turnAt]), mouth: mouthWords(mouths[mouthAt]) });
  }

  function turnWords(degrees) {
    if (!degrees) return explorer.text("straight");
    return explorer.text(degrees > 0 ? "right" : "left", { degrees: explorer.number(Math.abs(degrees)) });
  }

  function mouthWords(open) {
    return open ? explorer.text("open", { percent: explorer.number(100 * open) }) : explorer.text("closed");
  }

  function four(error) {
    return explorer.number(error, 4);
  }
}

/** Drag a picture sideways to turn the head, down to open the mouth: its width and height are the sliders' lengths. */
function dragging(holder, turn, mouth, changed) {
  let from = null;
  holder.addEventListener("pointerdown", (event) => {
    holder.setPointerCapture(event.pointerId);
    from = { x: event.clientX, y: event.clientY, turn: turn.index, mouth: mouth.index };
    event.preventDefault();
  });
  holder.addEventListener("pointermove", (event) => {
    if (!holder.hasPointerCapture(event.pointerId)) return;
    const box = holder.getBoundingClientRect();
    const moved = (slider, start, share) => {
      const last = Number(slider.input.max);
      const to = Math.min(Math.max(Math.round(start + share * last), 0), last);
      const differs = to !== slider.index;
      if (differs) slider.set(to);
      return differs;
    };
    const turned = moved(turn, from.turn, (event.clientX - from.x) / box.width);
    const opened = moved(mouth, from.mouth, (event.clientY - from.y) / box.height);
    if (turned || opened) changed(turned ? "turn" : "mouth");
  });
}

/** The place on the grid that lies a share of the way from one pose to another. */
function between(from, to, share) {
  return from.map((start, i) => Math.round((1 - share) * start + share * to[i]));
}

function mixed([code, other], share) {
  return other ? code.map((value, i) => (1 - share) * value + share * other[i]) : code;
}

/** Functions from the number of a cell to the picture of A and of B there; swap.py says how they are packed. */
async function readHeads({ turns, mouths, side }) {
  const packed = await fetched("swap_heads.bin");
  const stream = packed.body.pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const [row, picture] = [3 * side, 3 * side * side];
  const line = turns.length * picture; // all turns with one mouth
  const size = bytes.length / PEOPLE.length;
  const floats = PEOPLE.map((who, person) => {
    const own = bytes.subarray(person * size, (person + 1) * size);
    for (let i = 0; i < line; i++) if (i % picture >= row) own[i] += own[i - row];
    for (let i = line; i < size; i++) own[i] += own[i - line];
    for (let i = 0; i < size; i += 3) {
      own[i] += own[i + 1];
      own[i + 2] += own[i + 1];
    }
    return Float32Array.from(own, (value) => value / 255);
  });
  const at = (person) => (cell) => floats[person].subarray(cell * picture, (cell + 1) * picture);
  return { a: at(0), b: at(1) };
}

/** A function from a number to a picture of a sheet that has them one below the other. */
async function readSheet(file, side) {
  const image = await createImageBitmap(await (await fetched(file)).blob());
  const pen = new OffscreenCanvas(image.width, image.height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(image, 0, 0);
  return (number) => {
    const { data } = pen.getImageData(0, number * side, side, side);
    return Float32Array.from({ length: 3 * side * side }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)] / 255);
  };
}

function meanSquared(x, y) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] - y[i]) ** 2;
  return sum / x.length;
}

/** Of the rows of a picture between two shares of its height. */
function mean(pixels, from = 0, to = 1) {
  const rows = pixels.subarray(Math.round(from * pixels.length), Math.round(to * pixels.length));
  return rows.reduce((sum, value) => sum + value, 0) / rows.length;
}

/** Of each pixel, the mean over its three colours. */
function meanDifference(x, y) {
  const out = new Float32Array(x.length / 3);
  for (let i = 0; i < x.length; i++) out[Math.floor(i / 3)] += Math.abs(x[i] - y[i]) / 3;
  return out;
}
