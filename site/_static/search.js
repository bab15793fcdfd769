/* The page of search results shows what stands around a word as plain text. There a formula is read, not its source: μ and x̂ for
   \mu and \hat{x}. Its own script looks for the text of a page with Search.htmlToText. */
"use strict";

(() => {
  const SIGNS = {
    alpha: "α", beta: "β", epsilon: "ε", varepsilon: "ε", lambda: "λ", mu: "μ", omega: "ω", pi: "π", rho: "ρ", sigma: "σ", theta: "θ",
    Lambda: "Λ", Sigma: "Σ", Delta: "Δ", nabla: "∇", partial: "∂", sum: "Σ ", prod: "∏ ", int: "∫", sqrt: "√", infty: "∞", odot: "⊙",
    cdot: "·", times: "×", pm: "±", approx: "≈", sim: "∼", ne: "≠", neq: "≠", le: "≤", ge: "≥", in: "∈", to: "→", mid: " | ",
    top: "ᵀ", ldots: "…", dots: "…", lVert: "‖", rVert: "‖", Vert: "‖", lvert: "|", rvert: "|", Longrightarrow: "⇒", Rightarrow: "⇒",
    lceil: "⌈", rceil: "⌉", quad: "  ", qquad: "  ",
  };
  const OVER = { hat: "\u0302", tilde: "\u0303", bar: "\u0304" }; // signs that join the letter before them
  const SILENT =
    /\\(?:left|right|[bB]igg?[lr]?|text|mathrm|mathbb|operatorname|underbrace|overbrace|displaystyle|limits)(?![a-zA-Z])|\\(?:begin|end)\{\w+\}/g;

  /** What a command takes from a place on, in braces or one sign, and where it ends. */
  function argument(text, start) {
    if (text[start] !== "{") {
      const sign = text.slice(start).match(/^\s*(?:\\[a-zA-Z]+|[^])/)?.[0] ?? "";
      return [sign, start + sign.length];
    }
    let depth = 0;
    let end = start;
    do {
      if (text[end] === "{") depth += 1;
      if (text[end] === "}") depth -= 1;
      end += 1;
    } while (depth && end < text.length);
    return [text.slice(start + 1, end - 1), end];
  }

  function withoutFractions(text) {
    const part = (one) => (/[+\-]/.test(one) ? `(${one})` : one);
    for (let found; (found = /\\[td]?frac\s*/.exec(text)); ) {
      const [over, middle] = argument(text, found.index + found[0].length);
      const [under, end] = argument(text, middle);
      text = `${text.slice(0, found.index)}${part(over)}/${part(under)} ${text.slice(end)}`;
    }
    return text;
  }

  /** A formula as a line of text. */
  function inWords(source) {
    let text = source.replace(SILENT, "");
    const over = /\\(hat|tilde|bar)\s*(?:\{(\w)\}|(\w))/g;
    text = text.replace(over, (_, mark, one, other) => `{${one ?? other}${OVER[mark]}}`);
    text = withoutFractions(text);
    text = text.replace(/\\([a-zA-Z]+) ?/g, (_, name) => SIGNS[name] ?? `${name} `);
    text = text.replace(/\\\\/g, "; ").replace(/\\\|/g, "‖").replace(/\\[,;:! ]/g, " ").replace(/\\/g, "");
    return text.replace(/[{}$]/g, "").replace(/\^ᵀ/g, "ᵀ").replace(/&/g, " ").replace(/\s+/g, " ").trim();
  }

  const readPage = Search.htmlToText;
  Search.htmlToText = (page, anchor) => {
    const read = new DOMParser().parseFromString(page, "text/html");
    for (const formula of read.querySelectorAll(".math")) formula.textContent = inWords(formula.textContent);
    return readPage(read.documentElement.outerHTML, anchor);
  };
})();
