// Sliders, choices and draggable points. explorer.slider, .choice and .point call this; shell.js says how.

/** A native range input over positions 0, 1, … of `values`, or over its own min, max and step. */
export function slider(explorer, input, { values = null, show = String, ticks = false, on }) {
  if (values) Object.assign(input, { min: 0, max: values.length - 1, step: 1 });
  const output = explorer.root.querySelector(`output[for="${input.id}"]`);
  const valueAt = () => (values ? values[input.valueAsNumber] : input.valueAsNumber);
  const name = () => {
    const text = show(valueAt());
    input.setAttribute("aria-valuetext", text);
    if (output) output.textContent = text;
  };
  input.addEventListener("input", () => {
    name();
    on(valueAt());
  });
  output?.setAttribute("aria-hidden", "true"); // an output is a live region, and the slider itself says its value
  name();
  if (ticks) {
    const row = document.createElement("div");
    row.className = "explorer-ticks";
    row.setAttribute("aria-hidden", "true");
    row.append(...values.map((value) => Object.assign(document.createElement("span"), { textContent: show(value) })));
    input.after(row);
  }
  return {
    input,
    get value() {
      return valueAt();
    },
    get index() {
      return input.valueAsNumber;
    },
    set(position) {
      input.value = position;
      name();
    },
  };
}

/** A fieldset of radio buttons. */
export function choice(fieldset, on) {
  const checked = () => fieldset.querySelector("input:checked");
  fieldset.addEventListener("change", () => on(checked().value));
  return {
    fieldset,
    get value() {
      return checked()?.value;
    },
    set(value) {
      fieldset.querySelector(`input[value="${CSS.escape(value)}"]`).checked = true;
    },
  };
}

/**
 * A point on a map that follows the mouse, a finger and the arrow keys (with Shift five steps at a time).
 *
 * A press anywhere on the map moves the nearest point there; a finger drags the point itself, so that the page still
 * scrolls. options: label, at [x, y], step (in the map's units), show([x, y]) for screen readers, on([x, y]), and mark, a
 * class that looks different ("square", "diamond").
 */
export function point(explorer, onMap, { label, at, step, show, on, mark = "" }) {
  const handle = document.createElement("div");
  handle.className = `explorer-point ${mark}`;
  handle.tabIndex = 0;
  handle.setAttribute("role", "slider");
  handle.setAttribute("aria-roledescription", explorer.text("shell.point"));
  handle.setAttribute("aria-label", label);
  handle.setAttribute("aria-valuemin", onMap.x[0]);
  handle.setAttribute("aria-valuemax", onMap.x[1]);
  const words = show ?? (([u, v]) => explorer.text("shell.at", { x: explorer.number(u, 2), y: explorer.number(v, 2) }));
  const size = step ?? (onMap.x[1] - onMap.x[0]) / 60;
  let place = at;

  function put([u, v]) {
    const within = (value, [low, high]) => Math.min(Math.max(value, low), high);
    place = [within(u, onMap.x), within(v, onMap.y)];
    const share = ([low, high], value) => (100 * (value - low)) / (high - low);
    handle.style.left = `${share(onMap.x, place[0])}%`;
    handle.style.top = `${100 - share(onMap.y, place[1])}%`;
    handle.setAttribute("aria-valuenow", place[0].toFixed(3));
    handle.setAttribute("aria-valuetext", words(place));
  }

  function move(to) {
    put(to);
    on(place);
  }

  const follow = (event) => {
    const box = onMap.canvas.getBoundingClientRect();
    move(onMap.toData(event.clientX - box.left, event.clientY - box.top));
  };
  handle.addEventListener("pointerdown", (event) => {
    handle.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    event.preventDefault();
  });
  handle.addEventListener("pointermove", (event) => handle.hasPointerCapture(event.pointerId) && follow(event));
  onMap.points = [...(onMap.points ?? []), { handle, follow, place: () => place }];
  if (onMap.points.length === 1) {
    onMap.canvas.addEventListener("pointerdown", (event) => {
      const box = onMap.canvas.getBoundingClientRect();
      const far = ({ place: of }) => {
        const [px, py] = onMap.toPixel(...of());
        return Math.hypot(px - event.clientX + box.left, py - event.clientY + box.top);
      };
      const nearest = onMap.points.reduce((a, b) => (far(b) < far(a) ? b : a));
      nearest.follow(event);
      nearest.handle.focus({ preventScroll: true });
      event.preventDefault();
      if (event.pointerType === "mouse") nearest.handle.setPointerCapture(event.pointerId);
    });
  }
  handle.addEventListener("keydown", (event) => {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const way = ways[event.key];
    // These would scroll the page away under the hand of who moves a slider.
    if (["Home", "End", "PageUp", "PageDown"].includes(event.key)) event.preventDefault();
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const length = size * (event.shiftKey ? 5 : 1);
    move([place[0] + way[0] * length, place[1] + way[1] * length]);
  });
  put(at);
  onMap.holder.append(handle);
  return {
    handle,
    set: put,
    get at() {
      return place;
    },
  };
}
