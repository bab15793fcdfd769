// JupyterLab shows an HTML file in a viewer of its own, where scripts sleep until somebody trusts them. A link to an explorer
// should do what links do: open a page in the browser. JupyterLab has written the page's address into the link by then,
// whatever the server's prefix is; all that is left to do is to keep it from taking the click.
//
// This is an extension as JupyterLab 4 loads it, written by hand: a container with init and get.
(globalThis._JUPYTERLAB ??= {})["bottleneck-explorers"] = (() => {
  const EXPLORER = /\/files\/(.+\/)?explorers\/\w+\.html$/;

  /** A click on a link to an explorer is the browser's alone. */
  function leaveToBrowser(event) {
    const link = event.target.closest?.("a[href]");
    if (!link || !EXPLORER.test(new URL(link.href).pathname)) return;
    link.target = "_blank";
    link.rel = "noopener";
    event.stopImmediatePropagation();
  }

  const plugin = {
    id: "bottleneck-explorers:links",
    description: "Opens the course's explorers in a tab of the browser.",
    autoStart: true,
    activate: () => document.addEventListener("click", leaveToBrowser, { capture: true }),
  };
  return { init() {}, get: async () => () => ({ __esModule: true, default: plugin }) };
})();
