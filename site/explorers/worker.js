// Loads networks and runs them, in a Worker where there is one, else in the page: shell.js decides and keeps the order.
//
//   to the Worker     {id, jobs: [{network: "numbers_08", input: Float32Array or a list of them}, ...]}
//   from the Worker   {id, answers: [Float32Array or a list of them, ...]}  or  {id, error: "..."}
//
// A network's name is that of its files, networks/NAME.json and NAME.bin beside this file. It is loaded once.
// That the newest request wins, with one frame in flight, is the asking side's work (class Engine in shell.js).

import { load, run } from "./interpreter.js";

const loaded = new Map();

/** The answers to all jobs of one request. */
export async function answer(jobs) {
  const networks = await Promise.all(jobs.map((job) => networkNamed(job.network)));
  return jobs.map((job, i) => run(networks[i], job.input));
}

function networkNamed(name) {
  if (!loaded.has(name)) {
    const loading = fetchNetwork(name);
    loaded.set(name, loading);
    loading.catch(() => loaded.delete(name)); // the next request tries again
  }
  return loaded.get(name);
}

async function fetchNetwork(name) {
  const [json, buffer] = await Promise.all([fetched(`${name}.json`), fetched(`${name}.bin`)]);
  return load(await json.json(), await buffer.arrayBuffer());
}

/** A file of the folder networks, whatever the page's address is. */
export async function fetched(file) {
  const response = await fetch(new URL(`networks/${file}`, import.meta.url));
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return response;
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  self.onmessage = async ({ data: { id, jobs } }) => {
    try {
      self.postMessage({ id, answers: await answer(jobs) });
    } catch (error) {
      self.postMessage({ id, error: String(error.message ?? error) });
    }
  };
}
