// What all explorers share. The contract:
//
// PAGE      A page with explorers includes course.css and explorer.css in its head. The rest comes with the fragment, whose addresses are
//           relative to this folder (the site and the harness rewrite them), and what scripts load is found beside them.
// FRAGMENT  NAME.html is a <figure class="explorer" data-explorer="NAME"> with all that is seen, complete before any script
//           runs, and <script src="start.js" defer></script> behind it; what style only one explorer has is in NAME.css, with
//           <link rel="stylesheet" href="NAME.css"> before the figure. Seen before any script: native controls, the first pictures as <img> (data: addresses, written by `python -m authoring
//           explorers NAME --photograph`), live text, code. See numbers.html. The attributes that this file knows:
//             data-text="NAME.key"    text from strings.json; the English text stands there already
//             data-value="k"          shows what explorer.show({k: ...}) was given, in captions and in the code alike
//             data-slider="size"      an <input type="range"> with a <label>; an <output for=its id> shows its value
//             data-choice="picture"   a <fieldset> of radio buttons
//             data-button="again"     a <button>
//             data-picture="network"  a box with the first <img>; a canvas of the picture's own resolution comes in
//             data-map="codes"        a box with the first <img>; a canvas with coordinates comes in, and points over it
//             data-chart="error"      a box; curves as SVG come in (chart.js)
//             data-part="points"      a part with live text of its own, and perhaps code: role="group", labelled by its title
//             data-drawn="shares"     a <div>; the module writes HTML into it (without a <div>), and --photograph keeps it
//             class="explorer-live"   a <p aria-live="polite">: what is seen, in words and numbers
//             class="explorer-code"   a <pre><code>; <mark data-value="k"> is what the learner acts on
//             class="explorer-point-still"  where the first point is, until there is one
//             class="explorer-advice" hidden; what to do where nothing can run (a page opened from a file)
// MODULE    NAME.js has one default export, an (async) function that is called with an Explorer when the figure comes near
//           or is touched. It binds the controls, asks for answers and draws. Nothing else needs to be registered.
//
//   explorer.slider("size", {values: [2, 4, 8], show: (v) => "...", on: (v) => ...})   -> {value, index, set(index)}
//                              without values: the input's own min, max and step; ticks: true writes the values below
//   explorer.choice("picture", (value) => ...)            -> {value, set(value)}
//   explorer.button("again", () => ...)
//   explorer.picture("network", {width, height, channels: 1, range: [0, 1], colours: "grey" | "difference"})  -> {draw(data)}
//   explorer.map("codes", {x: [-3, 3], y: [-3, 3], paint(pen)})   -> {redraw(), toPixel(x, y), toData(px, py), canvas}
//   explorer.point(map, {label, at: [x, y], step, on([x, y])})    -> {at, set([x, y])}     drag, touch and arrow keys
//   explorer.chart("error", {...})                        see chart.js
//   explorer.show({k: 8})      every [data-value="k"] shows 8
//   explorer.act("k")          the code's <mark data-value="k"> is highlighted: the learner acts on it
//   explorer.say("words")      the live text: seen soon, spoken once the learner pauses (with {quiet: true} seen only);
//                              also the label of pictures is yours: picture.describe("words")
//   explorer.text("key", {n: 8})   "With {n} numbers" of strings.json, section NAME (or "shell.key" of all)
//   explorer.number(12.34, 1)  a number as the language writes it
//   await explorer.ask("channel", [{network: "numbers_08", input}])   answers, or null if a newer request of the
//                              channel has overtaken this one or nothing could be loaded (the live text then says so)
//   await explorer.arrays("numbers_data")   {name: {data, shape}, ..., facts}  of export_arrays
//   explorer.part("points")    the same for an element with data-part="points": with live text and code of its own
//   explorer.colours()         {ink, ground, panel, line, accent, network, referee, trivial, focus} as the page has them now
//
// Nothing here moves by itself. What changes softly does so in explorer.css, where less motion is not asked for.

import { chart } from "./chart.js";
import { choice, point, slider } from "./controls.js";
import { loadArrays } from "./interpreter.js";
import { coloursOf, map, picture } from "./drawing.js";

const here = import.meta.url;
const NEAR = "400px"; // how far below the window an explorer is when it begins to load
const SHOW_EVERY = 250; // milliseconds between two changes of the live text: nobody reads faster
const PAUSE = 700; // milliseconds without anything new after which a screen reader is told: a drag is one sentence, not fifty

/** Runs jobs in a Worker (or in the page). Of each channel one request is under way and the newest one waits. */
export class Engine {
  constructor() {
    this.channels = new Map();
    this.waiting = new Map();
    this.count = 0;
    this.work = this.connect();
  }

  /** A function from jobs to a promise of answers. */
  connect() {
    const inPage = async (jobs) => (await import("./worker.js")).answer(jobs);
    let worker;
    try {
      worker = new Worker(new URL("worker.js", here), { type: "module" });
    } catch {
      return inPage;
    }
    worker.onmessage = ({ data }) => {
      const { resolve, reject } = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if (data.error) reject(new Error(data.error));
      else resolve(data.answers);
    };
    worker.onerror = () => {
      // No modules in Workers, or not allowed: all that waits is done here, and all that comes
      this.work = inPage;
      for (const { jobs, resolve, reject } of this.waiting.values()) inPage(jobs).then(resolve, reject);
      this.waiting.clear();
    };
    return (jobs) =>
      new Promise((resolve, reject) => {
        const id = ++this.count;
        this.waiting.set(id, { jobs, resolve, reject });
        worker.postMessage({ id, jobs });
      });
  }

  /** The answers to the newest request of a channel; null for a request that was overtaken. */
  ask(channel, jobs) {
    const queue = this.channels.get(channel) ?? { busy: false, next: null };
    this.channels.set(channel, queue);
    return new Promise((resolve, reject) => {
      queue.next?.resolve(null);
      queue.next = { jobs, resolve, reject };
      if (!queue.busy) this.turn(queue);
    });
  }

  async turn(queue) {
    queue.busy = true;
    while (queue.next) {
      const { jobs, resolve, reject } = queue.next;
      queue.next = null;
      try {
        resolve(await this.work(jobs));
      } catch (error) {
        reject(error);
      }
    }
    queue.busy = false;
  }
}

const engine = new Engine();

/** One figure, and all that its module may do with it. */
class Explorer {
  constructor(root, strings) {
    this.root = root;
    this.name = root.dataset.explorer;
    this.strings = strings;
    this.redraws = [];
    this.said = unsaid(root);
    this.pressed = false; // while a mouse button or a finger is down
    root.addEventListener("pointerdown", () => (this.pressed = true));
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (this.pressed = false));
    this.language = document.documentElement.lang in strings ? document.documentElement.lang : "en";
    for (const element of root.querySelectorAll("[data-text]")) {
      element.textContent = this.text(element.dataset.text);
    }
    this.nameCode();
  }

  find(attribute, name) {
    const found = this.root.querySelector(`[data-${attribute}="${name}"]`);
    if (!found) throw new Error(`the fragment of ${this.name} has no element with data-${attribute}="${name}"`);
    return found;
  }

  slider(name, options) {
    return slider(this, this.find("slider", name), options);
  }

  choice(name, on) {
    return choice(this.find("choice", name), on);
  }

  button(name, on) {
    this.find("button", name).addEventListener("click", on);
  }

  picture(name, options) {
    return picture(this, this.find("picture", name), options);
  }

  map(name, options) {
    return map(this, this.find("map", name), options);
  }

  point(onMap, options) {
    return point(this, onMap, options);
  }

  chart(name, options) {
    return chart(this, this.find("chart", name), options);
  }

  /** Values into every place that shows them. */
  show(values) {
    for (const [name, value] of Object.entries(values)) {
      for (const element of this.root.querySelectorAll(`[data-value="${name}"]`)) {
        if (element.textContent !== String(value)) element.textContent = value;
      }
    }
  }

  /** Which value of the code the learner acts on. */
  act(name) {
    for (const mark of this.root.querySelectorAll(".explorer-code mark")) {
      mark.classList.toggle("is-acting", mark.dataset.value === name);
    }
  }

  say(text, { quiet = false } = {}) {
    const { said } = this;
    const { live } = said;
    for (const timer of [said.showing, said.speaking]) clearTimeout(timer);
    const show = () => {
      said.at = performance.now();
      if (live.textContent === text) return;
      live.setAttribute("aria-live", "off");
      live.textContent = text;
    };
    const speak = () => {
      if (this.pressed) return void (said.speaking = setTimeout(speak, PAUSE));
      live.setAttribute("aria-live", "polite");
      said.spoken = text;
      requestAnimationFrame(() => live.textContent === text && live.replaceChildren(text)); // a change after it was polite
    };
    const wait = said.at + SHOW_EVERY - performance.now();
    if (wait <= 0) show();
    else said.showing = setTimeout(show, wait);
    if (quiet) said.spoken = text;
    else if (text !== said.spoken) said.speaking = setTimeout(speak, PAUSE);
  }

  text(key, values = {}) {
    const [section, name] = key.includes(".") ? key.split(".") : [this.name, key];
    const found = this.strings[this.language]?.[section]?.[name] ?? this.strings.en[section]?.[name];
    if (found === undefined) throw new Error(`strings.json has no ${section}.${name}`);
    return found.replace(/\{(\w+)\}/g, (whole, value) => values[value] ?? whole);
  }

  number(value, digits = 0) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return new Intl.NumberFormat(this.language, options).format(value).replace(/^-/, "−").replace(/^−(0([.,]0*)?)$/, "$1");
  }

  async ask(channel, jobs) {
    try {
      return await engine.ask(`${this.name}/${channel}`, jobs);
    } catch (error) {
      this.failed(error);
      return null;
    }
  }

  async arrays(name) {
    const at = (end) => new URL(`networks/${name}.${end}`, here);
    const [json, buffer] = await Promise.all([fetch(at("json")), fetch(at("bin"))]);
    if (!json.ok || !buffer.ok) throw new Error(`${name}: ${json.status}, ${buffer.status}`);
    const described = await json.json();
    return { ...loadArrays(described, await buffer.arrayBuffer()), facts: described.facts };
  }

  colours() {
    return coloursOf(this.root);
  }

  /** This explorer within one part of its figure, an element with data-part, with live text of its own and perhaps code. */
  part(name) {
    const root = this.find("part", name);
    const own = Object.assign(Object.create(this), { root, said: unsaid(root) });
    own.failed = (error) => this.failed(error);
    if (!root.querySelector(".explorer-code-head")) own.nameCode();
    return own;
  }

  /** Draw again, in the colours and at the size that the page has now. */
  redraw() {
    for (const draw of this.redraws) draw();
  }

  failed(error) {
    console.warn(error);
    this.root.classList.add("is-still");
    this.say(this.text("shell.failed"));
  }

  /** Puts a title above the code, and where it can be copied a button. */
  nameCode() {
    const code = this.root.querySelector(".explorer-code");
    if (!code) return;
    const head = document.createElement("div");
    head.className = "explorer-code-head";
    head.textContent = this.text("shell.python");
    code.before(head);
    code.setAttribute("role", "group"); // it can be focused, to be scrolled
    code.setAttribute("aria-label", head.textContent);
    if (!navigator.clipboard) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "explorer-copy";
    button.textContent = this.text("shell.copy");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.querySelector("code").textContent.trim());
      button.textContent = this.text("shell.copied");
      setTimeout(() => (button.textContent = this.text("shell.copy")), 2000);
    });
    head.append(button);
  }
}

/** What the live text of a figure or a part says as the page comes, which nobody needs to hear. */
function unsaid(root) {
  const live = root.querySelector(".explorer-live");
  return { live, spoken: live.textContent, at: -Infinity, showing: 0, speaking: 0 };
}

async function begin(root, strings) {
  const explorer = new Explorer(root, strings);
  try {
    const module = await import(`./${explorer.name}.js`);
    await module.default(explorer);
    root.classList.add("is-live");
    root.dispatchEvent(new CustomEvent("explorer-ready", { bubbles: true }));
  } catch (error) {
    explorer.failed(error);
  }
  return explorer;
}

async function main() {
  const strings = await (await fetch(new URL("strings.json", here))).json();
  const begun = new Map();
  const wake = (root) => {
    if (begun.has(root)) return;
    begun.set(root, begin(root, strings));
    near.unobserve(root);
  };
  const near = new IntersectionObserver(
    (seen) => seen.filter((one) => one.isIntersecting).forEach((one) => wake(one.target)),
    { rootMargin: NEAR },
  );
  for (const root of document.querySelectorAll("figure.explorer")) {
    near.observe(root);
    for (const touch of ["pointerdown", "focusin"]) root.addEventListener(touch, () => wake(root), { once: true });
  }
  const redraw = async () => {
    for (const explorer of begun.values()) (await explorer).redraw();
  };
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme", "class"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}

await main();
