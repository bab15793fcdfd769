// The script that each fragment brings: an ordinary script (no module), so that it also runs where modules do not, in a
// page opened from a file. It does nothing on pages without an explorer. On the others it brings shell.js, which
// brings the rest when an explorer comes near. Everything lies beside this file; the page may lie anywhere.
(() => {
  const here = document.currentScript.src;
  const begin = () => {
    const figures = document.querySelectorAll("figure.explorer");
    if (!figures.length) return;
    const helpless = () => {
      for (const figure of figures) {
        figure.classList.add("is-still");
        const advice = figure.querySelector(".explorer-advice");
        if (advice) advice.hidden = false;
      }
    };
    if (location.protocol === "file:") helpless();
    else import(new URL("shell.js", here)).catch(helpless);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
