// Runs exported Keras networks: layers from NAME.json, weights from NAME.bin (authoring/web/networks.py writes both
// and describes the format).
//
//   const network = load(json, buffer)     json: the parsed NAME.json; buffer: NAME.bin as an ArrayBuffer
//   run(network, input)                    input: numbers, n inputs one behind the other (n x size); answer: Float32Array,
//                                          n answers one behind the other
//   run(network, [a, b])                   for a network with several inputs, in the order of the Keras model
//   several outputs                        the answer is then an array of Float32Arrays
//   loadArrays(json, buffer)               {name: {data: Float32Array, shape: [...]}, ...} of export_arrays
//
// Layers: Dense, Conv2D and Conv2DTranspose ("same", any stride), PixelShuffle, UpSampling2D, Reshape, Add, Multiply,
// Concatenate, Activation, Affine, LevelBlend, LinearStart. Activations: linear, relu, leaky_relu, gelu (exact), sigmoid,
// tanh. Pictures are height x width x channels, as in Keras. Pure functions and no dependency: it runs in a page, a
// Worker and Node. Sums are taken in 64 bits, so answers are within about 1e-6 of those of Keras.

const FORMAT = 1;
const STORED = { float16: Uint16Array, float32: Float32Array, uint8: Uint8Array, int8: Int8Array, int16: Int16Array };

/** A network that run() takes: what each layer does, in the order of computation. */
export function load(json, buffer) {
  if (json.format !== FORMAT) throw new Error(`format ${json.format} is not format ${FORMAT}`);
  const sizes = json.layers.map((layer) => product(layer.shape));
  const steps = json.layers.map((layer, i) => {
    const make = KINDS[layer.kind];
    if (!make) throw new Error(`layer ${i} is of the unknown kind ${layer.kind}`);
    const given = layer.from.map((j) => json.layers[j].shape);
    return make(layer, given, (name) => numbers(layer[name], buffer));
  });
  const shapes = json.layers.map((layer) => layer.shape);
  return { steps, sizes, shapes, from: json.layers.map((l) => l.from), inputs: json.inputs, outputs: json.outputs };
}

/** The network's answer to one input or to many; see the top of this file. */
export function run(network, input) {
  const given = network.inputs.length === 1 && !isListOfInputs(input) ? [input] : input;
  const rows = given[0].length / network.sizes[network.inputs[0]];
  const answers = [];
  network.inputs.forEach((number, i) => {
    if (given[i].length !== rows * network.sizes[number]) {
      throw new Error(`input ${i} has ${given[i].length} numbers, which is no multiple of ${network.sizes[number]}`);
    }
    answers[number] = given[i];
  });
  network.steps.forEach((step, i) => {
    if (step) answers[i] = step(network.from[i].map((j) => answers[j]), rows);
  });
  const said = network.outputs.map((i) => answers[i]);
  return said.length === 1 ? said[0] : said;
}

/** Pictures, points, components: what export_arrays wrote, as floats. */
export function loadArrays(json, buffer) {
  const entries = Object.entries(json.arrays);
  return Object.fromEntries(entries.map(([name, t]) => [name, { data: numbers(t, buffer), shape: t.shape }]));
}

/** The error function, by a polynomial of degree 16 in x², fitted to erf(x) / x at Chebyshev points of [0, 4]; to 2e-8. */
export function erf(x) {
  if (x > 4) return 1;
  if (x < -4) return -1;
  const u = (x * x) / 8 - 1;
  let sum = ERF[16];
  for (let i = 15; i >= 0; i--) sum = sum * u + ERF[i];
  return sum * x;
}
const ERF = [
  0.3535309964, -0.1765761719, 0.1316750015, -0.1077133612, 0.09021204267, -0.0746875307, 0.05985599358, -0.04601432137,
  0.0332170011, -0.02166253226, 0.01390814621, -0.01008590698, 0.00557736368, -0.001076942099, 0.0006166107152,
  -0.001372815091, 0.0005964250739,
];

const ACTIVATIONS = {
  linear: null,
  relu: () => (x) => (x > 0 ? x : 0),
  leaky_relu: (layer) => (x) => (x > 0 ? x : layer.slope * x),
  gelu: () => (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  sigmoid: () => (x) => 1 / (1 + Math.exp(-x)),
  tanh: () => Math.tanh,
};

// Each kind: (layer, shapes of its inputs, weights by name) -> (inputs, rows) => answer. Input has nothing to do.
const KINDS = {
  Input: () => null,
  Activation: (layer) => {
    const activate = activation(layer);
    return ([x]) => activate(Float32Array.from(x));
  },
  Reshape: () => ([x]) => x,
  Add: () => (given) => combine(given, (a, b) => a + b),
  Multiply: () => (given) => combine(given, (a, b) => a * b),
  Affine: (layer, given, weights) => {
    const [factor, offset] = [weights("factor"), weights("offset")];
    const channels = factor.length;
    return ([x]) => {
      const out = new Float32Array(x.length);
      for (let at = 0; at < x.length; at += channels) {
        for (let c = 0; c < channels; c++) out[at + c] = x[at + c] * factor[c] + offset[c];
      }
      return out;
    };
  },
  Concatenate: (layer, given) => {
    const widths = given.map((shape) => shape.at(-1));
    const width = layer.shape.at(-1);
    return (parts, rows) => {
      const out = new Float32Array(rows * product(layer.shape));
      let start = 0;
      parts.forEach((part, p) => {
        for (let i = 0; i < part.length; i++) out[Math.floor(i / widths[p]) * width + start + (i % widths[p])] = part[i];
        start += widths[p];
      });
      return out;
    };
  },
  PixelShuffle: (layer, [[, width, channels]]) => {
    const f = layer.factor;
    const kept = channels / (f * f);
    return ([x]) => {
      const out = new Float32Array(x.length);
      for (let place = 0, at = 0; at < x.length; place++) {
        const [row, column] = [Math.floor(place / width), place % width];
        for (let i = 0; i < f; i++) {
          for (let j = 0; j < f; j++) {
            const to = ((row * f + i) * width * f + column * f + j) * kept;
            for (let c = 0; c < kept; c++) out[to + c] = x[at++];
          }
        }
      }
      return out;
    };
  },
  UpSampling2D: (layer, [[height, width, channels]]) => {
    const [tall, wide] = layer.size;
    return ([x], rows) => {
      const out = new Float32Array(x.length * tall * wide);
      for (let row = 0, to = 0; row < rows * height * tall; row++) {
        for (let column = 0; column < width * wide; column++) {
          const at = (Math.floor(row / tall) * width + Math.floor(column / wide)) * channels;
          for (let c = 0; c < channels; c++) out[to++] = x[at + c];
        }
      }
      return out;
    };
  },
  Dense: (layer, given, weights) => {
    const [inner, outer] = layer.kernel.shape;
    const multiply = productWith(weights("kernel"), inner, outer, weights("bias"));
    const activate = activation(layer);
    return ([x]) => activate(multiply(Float64Array.from(x), x.length / inner));
  },
  Conv2D: (layer, [shape], weights) => {
    const [tall, wide, channels, filters] = layer.kernel.shape;
    const multiply = productWith(weights("kernel"), tall * wide * channels, filters, weights("bias"));
    const activate = activation(layer);
    const table = places(shape, layer.shape, layer.strides, [tall, wide]);
    let patches = new Float64Array(0);
    return ([x], rows) => {
      // Every place's neighbourhood as a row, then one product of matrices
      const count = rows * layer.shape[0] * layer.shape[1];
      if (patches.length !== count * tall * wide * channels) patches = new Float64Array(count * tall * wide * channels);
      const size = product(shape);
      let to = 0;
      for (let row = 0; row < rows; row++) {
        for (let t = 0; t < table.length; t++) {
          const at = table[t];
          if (at < 0) patches.fill(0, to, to + channels);
          else for (let c = 0; c < channels; c++) patches[to + c] = x[row * size + at * channels + c];
          to += channels;
        }
      }
      return activate(multiply(patches, count));
    };
  },
  Conv2DTranspose: (layer, [shape], weights) => {
    // The reverse of a convolution: each input place adds its patch to the answer
    const [tall, wide, filters, channels] = layer.kernel.shape;
    const turned = transposed(weights("kernel"), tall * wide * filters, channels); // channels x (tall wide filters)
    const multiply = productWith(turned, channels, tall * wide * filters, new Float32Array(tall * wide * filters));
    const bias = weights("bias");
    const activate = activation(layer);
    const table = places(layer.shape, shape, layer.strides, [tall, wide]);
    return ([x], rows) => {
      const patches = multiply(Float64Array.from(x), x.length / channels);
      const size = product(layer.shape);
      const out = new Float32Array(rows * size);
      for (let i = 0; i < out.length; i++) out[i] = bias[i % filters];
      let from = 0;
      for (let row = 0; row < rows; row++) {
        for (let t = 0; t < table.length; t++, from += filters) {
          const to = row * size + table[t] * filters;
          if (table[t] >= 0) for (let c = 0; c < filters; c++) out[to + c] += patches[from + c];
        }
      }
      return activate(out);
    };
  },
  LevelBlend: (layer, [shape]) => {
    // Versions of a picture for several noise levels, mixed linearly between the two nearest
    const { levels } = layer;
    const size = product(shape);
    return ([versions, level], rows) => {
      const out = new Float32Array((rows * size) / levels.length);
      for (let i = 0; i < out.length; i++) {
        const at = Math.min(Math.max(level[Math.floor((i * levels.length) / size)], levels[0]), levels.at(-1));
        const last = Math.min(levels.findLastIndex((l) => l <= at), levels.length - 2);
        const share = (at - levels[last]) / (levels[last + 1] - levels[last]);
        const first = i * levels.length + last;
        out[i] = versions[first] * (1 - share) + versions[first + 1] * share;
      }
      return out;
    };
  },
  LinearStart: (layer, [[width]]) => {
    // The best linear answer for noisy points, from the variance of the clean ones
    const answer = {
      clean: (sigma, total) => layer.variance / total,
      noise: (sigma, total) => sigma / total,
      spread: (sigma, total) => 1 / Math.sqrt(total),
    }[layer.target];
    return ([points, logSigma]) =>
      Float32Array.from(points, (value, i) => {
        const sigma = Math.exp(logSigma[Math.floor(i / width)]);
        return value * answer(sigma, layer.variance + sigma * sigma);
      });
  },
};

/** (rows x inner) -> rows x outer: the product with a kernel (inner x outer) plus a bias. */
function productWith(kernel, inner, outer, bias) {
  // Four columns of the kernel lie beside each other, in 64 bits: one stream of weights, and nothing to convert
  const packed = new Float64Array(Math.ceil(outer / 4) * 4 * inner);
  for (let o = 0; o < outer; o++) {
    const to = (o - (o % 4)) * inner + (o % 4);
    for (let k = 0; k < inner; k++) packed[to + 4 * k] = kernel[k * outer + o];
  }
  return (x, rows) => {
    const out = new Float32Array(rows * outer);
    for (let o = 0; o < outer; o += 4) {
      const end = (o + 4) * inner;
      const stop = Math.min(4, outer - o);
      for (let r = 0; r < rows; r += 2) {
        let p = r * inner;
        let q = Math.min(r + 1, rows - 1) * inner; // the last row of an odd number counts twice
        let a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
        for (let w = o * inner; w < end; w += 4, p++, q++) {
          const a = x[p], b = x[q];
          const c0 = packed[w], c1 = packed[w + 1], c2 = packed[w + 2], c3 = packed[w + 3];
          a0 += a * c0;
          a1 += a * c1;
          a2 += a * c2;
          a3 += a * c3;
          b0 += b * c0;
          b1 += b * c1;
          b2 += b * c2;
          b3 += b * c3;
        }
        const sums = [a0, a1, a2, a3, b0, b1, b2, b3];
        for (let s = 0; s < stop; s++) {
          out[r * outer + o + s] = sums[s] + bias[o + s];
          if (r + 1 < rows) out[(r + 1) * outer + o + s] = sums[4 + s] + bias[o + s];
        }
      }
    }
    return out;
  };
}

/** Which place of a large picture each weight sees, for each place of the small one; -1 outside ("same", as TensorFlow). */
function places([height, width], [rows, columns], [down, right], [tall, wide]) {
  const above = Math.floor(Math.max((rows - 1) * down + tall - height, 0) / 2);
  const before = Math.floor(Math.max((columns - 1) * right + wide - width, 0) / 2);
  const table = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let i = 0; i < tall; i++) {
        for (let j = 0; j < wide; j++) {
          const [y, x] = [row * down + i - above, column * right + j - before];
          table.push(y >= 0 && y < height && x >= 0 && x < width ? y * width + x : -1);
        }
      }
    }
  }
  return Int32Array.from(table);
}

function activation(layer) {
  if (!(layer.activation in ACTIVATIONS)) throw new Error(`unknown activation ${layer.activation}`);
  if (!ACTIVATIONS[layer.activation]) return (x) => x;
  const f = ACTIVATIONS[layer.activation](layer);
  return (x) => {
    for (let i = 0; i < x.length; i++) x[i] = f(x[i]);
    return x;
  };
}

function combine([first, ...others], f) {
  const out = Float32Array.from(first);
  for (const other of others) for (let i = 0; i < out.length; i++) out[i] = f(out[i], other[i]);
  return out;
}

function transposed(matrix, rows, columns) {
  const out = new Float32Array(matrix.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = matrix[r * columns + c];
  return out;
}

/** A stored array as floats: stored numbers times scale. */
function numbers(tensor, buffer) {
  const stored = new STORED[tensor.type](buffer, tensor.offset, product(tensor.shape));
  const out = new Float32Array(stored.length);
  if (tensor.type === "float16") for (let i = 0; i < out.length; i++) out[i] = fromFloat16(stored[i]) * tensor.scale;
  else for (let i = 0; i < out.length; i++) out[i] = stored[i] * tensor.scale;
  return out;
}

function fromFloat16(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent ? (1 + fraction / 1024) * POWERS[exponent] : fraction * 2 ** -24;
  return bits & 0x8000 ? -size : size;
}
const POWERS = Array.from({ length: 32 }, (_, exponent) => 2 ** (exponent - 15));

function isListOfInputs(input) {
  return Array.isArray(input) && typeof input[0] === "object";
}

function product(shape) {
  return shape.reduce((a, b) => a * b, 1);
}
