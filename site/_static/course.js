/* What every page of the course does in the browser: formulas, copy buttons, and names and keys for what scrolls. Without it all
   is read. */
"use strict";

(() => {
  const WORDS = {
    copy: "Copy",
    copied: "Copied",
    copyLabel: "Copy the code: ",
    code: "Code",
    guessed: "What happened stands below, unfolded.",
    output: "Output",
    formula: "Formula, wider than the page",
    scrolls: "scrolls sideways →",
    table: "Table, wider than the page",
  };

  const NEARLY = 0.9; // a formula that fits at this share of its size is made smaller, and no more is done
  const SMALLEST = 0.75; // the letters of a formula are large: at this share they are about those of the text around

  const STATES = /[=<>:]|\\(to|sim|frac)\b/; // by one of these a part of a formula says something

  /** Set the formulas. What cannot be set stays as its source, which can be read. */
  function setFormulas() {
    for (const place of document.querySelectorAll(".math")) {
      const source = place.textContent;
      try {
        setFormula(place, source);
        place.dataset.tex = source;
      } catch {
        place.textContent = source;
        place.classList.add("math-failed");
      }
    }
  }

  function setFormula(place, source) {
    window.katex.render(source, place, {
      displayMode: place.tagName === "DIV",
      throwOnError: true,
      strict: false,
    });
  }

  /** The statements of a formula one below the other: cut where it has wide spaces outside of all braces and matrices. */
  function inRows(source) {
    const rows = [""];
    let depth = 0;
    for (const [piece] of source.matchAll(/\\(?:[a-zA-Z]+|[^])|[^\\]/g)) {
      if (["{", "\\left", "\\begin"].includes(piece)) depth += 1;
      if (["}", "\\right", "\\end"].includes(piece)) depth -= 1;
      const space = depth === 0 && (piece === "\\quad" || piece === "\\qquad");
      if (!space) rows[rows.length - 1] += piece;
      else if (STATES.test(rows.at(-1))) rows.push("");
      else if (rows.at(-1).trim()) rows[rows.length - 1] += piece; // no statement yet, such as an arrow
    }
    return rows.filter((row) => row.trim());
  }

  /** The share of its size at which a formula of its own lines fits; 1 or more where it fits as it is. */
  function share(formula) {
    const indent = parseFloat(getComputedStyle(formula.firstElementChild).paddingLeft);
    return (formula.clientWidth - indent) / (formula.scrollWidth - indent);
  }

  /** Make wide formulas fit: a little smaller; or in rows, where several statements stand in one; or as small as can be read; or
      with lines that go on behind a sign such as =. What is wider still scrolls. */
  function fitFormulas() {
    const changed = [...document.querySelectorAll("div.math[data-tex]")].filter(
      (formula) => formula.clientWidth && formula.dataset.fitted !== String(formula.clientWidth),
    );
    for (const formula of changed) {
      formula.dataset.fitted = formula.clientWidth;
      formula.style.removeProperty("--course-fit");
      if (formula.dataset.rows) setFormula(formula, formula.dataset.tex);
      delete formula.dataset.rows;
      delete formula.dataset.wraps;
    }
    const wide = changed.filter((formula) => formula.scrollWidth > formula.clientWidth);
    for (const formula of wide.filter((one) => share(one) < NEARLY)) {
      const rows = inRows(formula.dataset.tex);
      if (rows.length === 1) continue;
      setFormula(formula, rows.join("\\\\[0.4em]"));
      formula.dataset.rows = rows.length;
    }
    for (const formula of wide.filter((one) => share(one) < SMALLEST)) formula.dataset.wraps = "";
    const shares = wide.map(share); // all are measured before one is changed: a page is laid out once
    wide.forEach((formula, i) => {
      const fits = Math.max(SMALLEST, Math.floor(100 * shares[i]) / 100);
      if (shares[i] < 1) formula.style.setProperty("--course-fit", fits);
    });
  }

  /** Who copies a passage gets the source of its formulas, between dollars, not their pieces. */
  function copySources(event) {
    const selection = window.getSelection();
    if (selection.isCollapsed || !event.clipboardData) return;
    const passage = document.createElement("div");
    for (let i = 0; i < selection.rangeCount; i += 1) {
      passage.append(selection.getRangeAt(i).cloneContents());
    }
    const formulas = passage.querySelectorAll(".math[data-tex]");
    if (!formulas.length) return;
    for (const formula of formulas) {
      const mark = formula.tagName === "DIV" ? "$$" : "$";
      formula.textContent = mark + formula.dataset.tex + mark;
    }
    passage.hidden = false;
    passage.className = "course-offstage"; // in the page, as innerText needs line breaks as they are shown
    document.body.append(passage);
    event.clipboardData.setData("text/plain", passage.innerText);
    passage.remove();
    event.preventDefault();
  }

  /** Text to the clipboard, also where the page came over plain http and browsers withhold navigator.clipboard. */
  async function toClipboard(text) {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return;
    }
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "course-offstage";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (!done) throw new Error("the browser did not copy");
  }

  /** By how its code begins a button is told from the others in a list of all buttons. */
  function beginning(code) {
    const words = code.textContent.trim().replace(/\s+/g, " ");
    return words.length > 60 ? `${words.slice(0, 59)}…` : words;
  }

  /** Where code begins and where what it printed: a screen reader says it, most of all when the keyboard reaches it. */
  function nameCode() {
    for (const code of document.querySelectorAll("article pre")) {
      code.setAttribute("role", "group");
      code.setAttribute("aria-label", code.closest(".cell_output") ? WORDS.output : WORDS.code);
    }
  }

  function addCopyButtons() {
    for (const block of document.querySelectorAll("div.highlight")) {
      if (block.closest(".cell_output")) continue;
      const code = block.querySelector("pre");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "course-copy";
      button.textContent = WORDS.copy;
      button.setAttribute("aria-label", WORDS.copyLabel + beginning(code));
      const told = document.createElement("span");
      told.className = "visually-hidden";
      told.setAttribute("role", "status");
      button.addEventListener("click", async () => {
        const before = document.activeElement;
        await toClipboard(code.textContent);
        before.focus();
        button.textContent = WORDS.copied;
        told.textContent = WORDS.copied;
      });
      button.addEventListener("blur", () => {
        button.textContent = WORDS.copy;
        told.textContent = "";
      });
      block.append(button, told);
    }
  }

  /** Give what scrolls sideways a name, and take it away where nothing scrolls. */
  function nameWide(element, name) {
    const wide = element.scrollWidth > element.clientWidth;
    for (const [key, value] of [["role", "group"], ["aria-label", name]]) {
      if (wide) element.setAttribute(key, value);
      else element.removeAttribute(key);
    }
    return wide;
  }

  /** What is wider than the page scrolls; then the keyboard must reach it. For all but formulas the theme sees to that. */
  function reachWide() {
    for (const formula of document.querySelectorAll("div.math")) {
      if (nameWide(formula, WORDS.formula)) {
        formula.tabIndex = 0;
        formula.dataset.hint = WORDS.scrolls;
      } else {
        formula.removeAttribute("tabindex");
        delete formula.dataset.hint;
      }
    }
    for (const table of document.querySelectorAll(".pst-scrollable-table-container")) nameWide(table, WORDS.table);
    for (const output of document.querySelectorAll(".cell_output > .output")) nameWide(output, WORDS.output);
  }

  /** So must code: the theme sees to it when the page changes its size, but not for what is unfolded. */
  function reachUnfoldedCode(event) {
    for (const code of event.target.querySelectorAll?.("pre") ?? []) {
      code.tabIndex = code.scrollWidth > code.clientWidth ? 0 : -1;
    }
  }

  /** Whoever has guessed sees what happened. */
  function openAnswers() {
    for (const question of document.querySelectorAll("fieldset.course-guess")) {
      const answer = document.querySelector(`.tag_answers-${question.dataset.guess} details.below-input`);
      question.addEventListener("change", () => {
        answer.open = true;
        question.querySelector("[role=status]").textContent = WORDS.guessed;
      });
    }
  }

  /** Paper is light: what is read in the dark is printed in the light colours. */
  function printInLight() {
    const page = document.documentElement;
    let before = "";
    addEventListener("beforeprint", () => {
      before = page.dataset.theme;
      page.dataset.theme = "light";
    });
    addEventListener("afterprint", () => (page.dataset.theme = before));
  }

  document.addEventListener("DOMContentLoaded", () => {
    printInLight();
    if (window.katex) setFormulas();
    nameCode();
    addCopyButtons();
    openAnswers();
    const fit = () => {
      fitFormulas();
      reachWide();
    };
    fit();
    // In a frame of its own: what fits changes the height of what is observed.
    new ResizeObserver(() => requestAnimationFrame(fit)).observe(document.querySelector("main") || document.body);
    document.fonts.addEventListener("loadingdone", () => {
      for (const formula of document.querySelectorAll("div.math")) delete formula.dataset.fitted;
      fit();
    });
    document.addEventListener("copy", copySources);
    document.addEventListener("toggle", reachUnfoldedCode, true); // does not bubble
    document.documentElement.dataset.course = "ready";
  });
})();
