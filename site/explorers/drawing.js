// Pictures and maps on canvases. explorer.picture and explorer.map call this; shell.js says how.

const ROLES = ["ink", "muted", "ground", "panel", "line", "accent", "network", "referee", "trivial", "focus"];

/** The colours that the page has now, by role: explorer.css gives each a value in light and dark. */
export function coloursOf(root) {
  const style = getComputedStyle(root);
  return Object.fromEntries(ROLES.map((role) => [role, style.getPropertyValue(`--explorer-${role}`).trim()]));
}

/**
 * A picture of numbers, height x width (x 3), drawn pixel for pixel; the browser enlarges it without smoothing.
 * colours: "grey" (or three channels); "difference" for signed numbers: 0 is the ground, below blue, above vermillion.
 */
export function picture(explorer, holder, { width, height, channels = 1, range = [0, 1], colours = "grey" }) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  canvas.setAttribute("role", "img");
  const still = holder.querySelector("img");
  canvas.setAttribute("aria-label", still?.alt ?? "");
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(width, height);
  let last = null;

  function draw(data) {
    last = data;
    const palette = colours === "difference" ? differencePalette(explorer) : null;
    const [low, high] = range;
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) {
        const value = data[channels === 1 ? i : i * channels + c];
        image.data[4 * i + c] = palette ? palette(value / high, c) : Math.round((255 * (value - low)) / (high - low));
      }
      image.data[4 * i + 3] = 255;
    }
    pen.putImageData(image, 0, 0);
    if (!canvas.isConnected) {
      holder.append(canvas);
      holder.classList.add("is-drawn");
    }
  }
  if (colours === "difference") explorer.redraws.push(() => last && draw(last));
  return { draw, canvas, describe: (words) => canvas.setAttribute("aria-label", words) };
}

function differencePalette(explorer) {
  const { ground, accent, network } = explorer.colours();
  const [middle, below, above] = [ground, accent, network].map(channelsOf);
  return (value, c) => {
    const share = Math.min(Math.abs(value), 1);
    return Math.round(middle[c] * (1 - share) + (value < 0 ? below : above)[c] * share);
  };
}

/** Red, green and blue, 0 to 255, of any colour that CSS can write. */
export function channelsOf(colour) {
  const pen = new OffscreenCanvas(1, 1).getContext("2d");
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

/**
 * A canvas with coordinates: x to the right, y upwards. It is drawn anew when the theme or its size changes.
 *
 * paint(pen) gets a pen {context, width, height, colours, x(v), y(v), scale} whose x and y turn coordinates into CSS pixels;
 * the context is already scaled for the screen's resolution, and clean.
 */
export function map(explorer, holder, { x, y, paint }) {
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", holder.querySelector("img")?.alt ?? "");
  const size = { width: 0, height: 0 };
  const toPixel = (u, v) => [((u - x[0]) / (x[1] - x[0])) * size.width, ((y[1] - v) / (y[1] - y[0])) * size.height];
  const toData = (px, py) => [x[0] + (px / size.width) * (x[1] - x[0]), y[1] - (py / size.height) * (y[1] - y[0])];

  function redraw() {
    size.width = holder.clientWidth;
    size.height = holder.clientHeight || holder.clientWidth;
    if (!size.width) return;
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(size.width * scale);
    canvas.height = Math.round(size.height * scale);
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    paint({
      context,
      ...size,
      scale,
      colours: explorer.colours(),
      x: (u) => toPixel(u, 0)[0],
      y: (v) => toPixel(0, v)[1],
    });
    if (!canvas.isConnected) {
      holder.prepend(canvas);
      holder.classList.add("is-drawn");
    }
  }
  explorer.redraws.push(redraw);
  new ResizeObserver(redraw).observe(holder);
  redraw();
  return { redraw, toPixel, toData, canvas, holder, x, y, describe: (words) => canvas.setAttribute("aria-label", words) };
}
