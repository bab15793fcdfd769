/* What a lesson's figures do in the browser: a tap, or Enter on the link below, opens the picture large in a dialog, where it can be
   moved and made larger. Without it the pictures are there. */
"use strict";

(() => {
  const WORDS = {
    open: "Enlarge",
    dialog: "The picture, large",
    place: "Picture: arrow keys move it, plus and minus change its size",
    larger: "Larger",
    smaller: "Smaller",
    close: "Close",
  };
  const STEP = 1.5; // from one size to the next
  const LARGEST = 4; // times the size that the lesson gives a picture

  let viewer = null;

  function button(text, on) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", on);
    return made;
  }

  /** The dialog, made when it is first asked for: {show(picture)}. */
  function makeViewer() {
    const dialog = document.createElement("dialog");
    dialog.className = "course-viewer";
    dialog.setAttribute("aria-label", WORDS.dialog);
    const place = document.createElement("div");
    place.className = "course-viewer-place";
    place.tabIndex = 0;
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", WORDS.place);
    const image = document.createElement("img");
    place.append(image);
    const bar = document.createElement("div");
    bar.className = "course-viewer-bar";
    const smaller = button(WORDS.smaller, () => resize(1 / STEP));
    const larger = button(WORDS.larger, () => resize(STEP));
    bar.append(smaller, larger, button(WORDS.close, () => dialog.close()));
    dialog.append(bar, place);
    document.body.append(dialog);

    const own = { width: 1, height: 1 }; // pixels, as the lesson has it
    let scale = 1;
    let least = 1;

    /** All of the picture in the window. */
    const whole = () => Math.min(place.clientWidth / own.width, place.clientHeight / own.height);

    /** Another size, around what lies in the middle of the window, or at (x, y) of the window's place. */
    function resize(by, x = place.clientWidth / 2, y = place.clientHeight / 2) {
      const before = scale;
      scale = Math.min(Math.max(scale * by, least), LARGEST);
      const [left, top] = [place.scrollLeft, place.scrollTop];
      draw();
      place.scrollLeft = ((left + x) * scale) / before - x;
      place.scrollTop = ((top + y) * scale) / before - y;
    }

    function draw() {
      image.style.width = `${own.width * scale}px`;
      image.style.height = `${own.height * scale}px`;
      smaller.disabled = scale <= least;
      larger.disabled = scale >= LARGEST;
    }

    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault(); // the theme keeps the browser from closing it
      dialog.close();
    });
    place.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own
      if (event.key === "+" || event.key === "=") resize(STEP);
      else if (event.key === "-") resize(1 / STEP);
    });

    // A finger scrolls and pinches by itself; a mouse draws the picture, and a double click makes it larger.
    let held = null;
    place.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button) return;
      held = { x: event.clientX, y: event.clientY, left: place.scrollLeft, top: place.scrollTop };
      place.setPointerCapture(event.pointerId);
    });
    place.addEventListener("pointermove", (event) => {
      if (!held) return;
      place.scrollLeft = held.left + held.x - event.clientX;
      place.scrollTop = held.top + held.y - event.clientY;
    });
    for (const end of ["pointerup", "pointercancel"]) place.addEventListener(end, () => (held = null));
    place.addEventListener("dblclick", (event) => {
      const box = place.getBoundingClientRect();
      resize(STEP, event.clientX - box.left, event.clientY - box.top);
    });

    return {
      show(picture) {
        image.src = picture.currentSrc || picture.src;
        image.alt = picture.alt;
        own.width = Number(picture.getAttribute("width"));
        own.height = Number(picture.getAttribute("height"));
        dialog.showModal();
        place.focus();
        least = Math.min(whole(), 1);
        scale = Math.max(whole(), 1); // where the window is smaller the picture is moved: its letters can be read
        draw();
        place.scrollTo(0, 0);
      },
    };
  }

  function letEnlarge(picture) {
    const link = document.createElement("a");
    link.className = "course-enlarge";
    link.href = picture.getAttribute("src");
    const what = document.createElement("span");
    what.className = "visually-hidden";
    what.textContent = `: ${beginning(picture.alt)}`;
    link.append(WORDS.open, what);
    const open = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // in a tab of its own
      event.preventDefault();
      link.focus({ preventScroll: true }); // where closing leads back to
      viewer ??= makeViewer();
      viewer.show(picture);
    };
    link.addEventListener("click", open);
    picture.addEventListener("click", open);
    picture.after(link);
  }

  /** How an alternative text begins: it tells one link from the others. */
  function beginning(words) {
    return words.length > 80 ? `${words.slice(0, 80).replace(/\s+\S*$/, "")} …` : words;
  }

  if (!window.HTMLDialogElement) return;
  for (const picture of document.querySelectorAll(".cell_output figure img[width][height]")) letEnlarge(picture);
})();
