// Uses a comparison's page as a reader would, and writes down at its end what held and what did not.
// A check throws where the page does not do what it should.

"use strict";

{
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => {
    const found = root.querySelector(selector);
    if (found === null) throw new Error(`there is no ${selector}`);
    return found;
  };
  const expect = (holds, otherwise) => {
    if (!holds) throw new Error(otherwise);
  };
  const same = (left, right, what) => {
    expect(left === right, `${what}: ${JSON.stringify(left)}, not ${JSON.stringify(right)}`);
  };

  const press = (target, key) => {
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  };
  const pointAt = (target) => {
    target.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  };
  const pointAway = () => {
    for (const box of all(".lines")) box.dispatchEvent(new PointerEvent("pointerleave"));
  };
  const letGo = () => {
    document.activeElement?.blur();
    press(document.body, "Escape");
    pointAway();
  };

  const boxes = () => all(".lines");
  const litLines = () => [...new Set(all(".lines .lit").map((row) => row.dataset.line))].join();
  const litBoxes = () => boxes().filter((box) => box.querySelector(".lit") !== null).length;
  /** A line of the source from which something in every box comes. */
  const sharedLine = () => {
    const row = all("#source [data-line]").find(({ dataset }) => boxes()
      .every((box) => box.querySelector(`[data-line="${dataset.line}"]`) !== null));
    if (row === undefined) throw new Error("no line has code in every column");
    return row;
  };

  const slider = () => one("#slider");
  const position = () => Number(slider().value);
  const end = () => Number(slider().max);
  const click = (id) => one(`#${id}`).click();
  /** Everything that the walks show. */
  const stage = () => all(".walk .stage, .walk .now").map((shown) => shown.innerHTML).join("\n");
  const currentRows = () => all(".instruction.current");

  /** The luminance of a colour, by the formula of the accessibility guidelines. */
  const luminance = (channels) => {
    const [red, green, blue] = channels.map((channel) => {
      const value = channel / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const background = (marked) => {
    for (let node = marked; node !== null; node = node.parentElement) {
      const [red, green, blue, alpha = 1] = channels(getComputedStyle(node).backgroundColor);
      if (alpha === 1) return [red, green, blue];
    }
    return [255, 255, 255];
  };
  const contrast = (marked) => {
    const ink = luminance(channels(getComputedStyle(marked).color).slice(0, 3));
    const paper = luminance(background(marked));
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  };
  const expectContrast = () => {
    const marks = "p, li, td, th, h1, h2, h3, h4, caption, code, .part, .mechanism, .needless, "
      + ".count, .address, .hint, .status, button:enabled";
    for (const marked of all(marks)) {
      if (marked.textContent.trim() === "" || marked.getClientRects().length === 0) continue;
      const found = contrast(marked);
      expect(found >= 4.5, `${found.toFixed(2)}: ${marked.outerHTML.slice(0, 120)}`);
    }
  };

  const checks = {
    "it loads without errors"() {
      same(window.faults.join("; "), "", "faults");
    },

    "it asks for nothing else"() {
      const asked = performance.getEntriesByType("resource").map((entry) => entry.name);
      same(asked.join(), "", "resources");
    },

    "pointing at a line of the source lights up its code in every box"() {
      const row = sharedLine();
      pointAt(row);
      same(litLines(), row.dataset.line, "lit");
      same(litBoxes(), boxes().length, "boxes");
      const related = all(`.lines [data-line="${row.dataset.line}"]`).length;
      same(all(".lines .lit").length, related, "lines");
    },

    "pointing at an instruction lights up its line of the source"() {
      const line = sharedLine().dataset.line;
      const instructions = all(`.instruction[data-line="${line}"]`);
      pointAt(one("code", instructions[instructions.length - 1]));
      expect(one(`#source [data-line="${line}"]`).classList.contains("lit"), "it is dark");
      same(litBoxes(), boxes().length, "boxes");
    },

    "pointing away darkens everything"() {
      pointAt(sharedLine());
      pointAway();
      same(litLines(), "", "lit");
    },

    "a click keeps a line lit while others are pointed at, and Escape lets go"() {
      const row = sharedLine();
      const other = all("#source [data-line]").find((line) => line !== row);
      row.click();
      pointAt(other);
      same(litLines(), row.dataset.line, "lit while pinned");
      pointAway();
      same(litLines(), row.dataset.line, "lit behind it");
      press(document.body, "Escape");
      same(litLines(), "", "lit after Escape");
    },

    "arrow keys go from line to line of the source"() {
      const rows = all("#source [data-line]");
      const stops = rows.filter((row) => row.tabIndex === 0);
      same(stops.length, 1, "stops of Tab");
      stops[0].focus();
      press(stops[0], "Home");
      same(document.activeElement, rows[0], "focus after Home");
      press(document.activeElement, "ArrowDown");
      same(document.activeElement, rows[1], "focus after an arrow");
      same(litLines(), rows[1].dataset.line, "lit");
      press(document.activeElement, "ArrowUp");
      same(document.activeElement, rows[0], "focus after the arrow back");
    },

    "Enter keeps the line of the focus lit"() {
      const row = sharedLine();
      row.focus();
      press(row, "Enter");
      row.blur();
      same(litLines(), row.dataset.line, "lit");
    },

    "the focus is seen"() {
      const row = one("#source [data-line]");
      row.focus({ focusVisible: true });
      expect(parseFloat(getComputedStyle(row).outlineWidth) >= 2, "it has no outline");
    },

    "the stepper goes to the end and back to where it began"() {
      click("first");
      const beginning = stage();
      const seen = new Set([beginning]);
      while (position() < end()) {
        const before = position();
        click("next");
        same(position(), before + 1, "position");
        seen.add(stage());
      }
      same(seen.size, end() + 1, "pictures");
      expect(one("#next").disabled, "it goes on behind the end");
      while (position() > 0) click("back");
      same(stage(), beginning, "the beginning");
      expect(one("#back").disabled, "it goes back behind the beginning");
    },

    "the last button shows what the last step shows"() {
      click("first");
      while (position() < end()) click("next");
      const stepped = stage();
      click("first");
      click("last");
      same(stage(), stepped, "the end");
    },

    "the slider shows the same as the buttons"() {
      click("first");
      click("next");
      const stepped = stage();
      click("first");
      slider().value = 1;
      slider().dispatchEvent(new Event("input"));
      same(stage(), stepped, "the first step");
    },

    "left and right keys take steps"() {
      click("first");
      press(document.body, "ArrowRight");
      same(position(), 1, "position after the right key");
      press(document.body, "ArrowLeft");
      same(position(), 0, "position after the left key");
    },

    "the instruction of each step is marked in its listing"() {
      click("first");
      same(currentRows().length, 0, "marks before the call");
      click("last");
      same(currentRows().length, all(".walk").length, "marks at the end");
    },

    "the next part is the next for every column"() {
      click("first");
      const shown = [];
      while (position() < end()) {
        click("next-part");
        shown.push(one("#phase").textContent);
        if (position() < end()) same(all(".parts [aria-current]").length, 1, "current parts");
        if (shown.length > 6) break;
      }
      const { ticks } = JSON.parse(one("#data").textContent);
      const parts = [...new Set(ticks.map((tick) => tick.part))].filter((part) => part !== null);
      // The last press goes on to the end of the last part.
      const expected = [...parts, ...parts.slice(-1)].slice(0, shown.length);
      same(shown.join(), expected.map((part) => `In the ${part}`).join(), "shown");
      expect(shown.length >= parts.length, `only ${shown.length} parts were shown`);
    },

    "the drawing of each step has the words that the table of steps has"() {
      for (const walk of all(".walk")) {
        const rows = all(".steps [data-step]", walk);
        for (const row of rows) {
          row.click();
          const printed = all(".words li", row).map((word) => word.textContent);
          if (printed.length === 0) continue;
          const drawn = all(".memory tr", walk).filter((word) => word.querySelector(".name")?.textContent);
          const words = drawn.map((word) => {
            const [name, value] = [one(".name", word), one(".value", word)];
            return `${name.textContent} = ${value.textContent}`;
          });
          const listed = printed.filter((word) => word.includes(" = "));
          same(words.length, listed.length, `words of step ${row.dataset.step}`);
          words.forEach((word, index) => {
            expect(listed[index].includes(word), `${word} is not ${listed[index]}`);
            const isGivenUp = drawn[index].classList.contains("given-up");
            same(listed[index].includes("given up"), isGivenUp, `${word} given up`);
          });
        }
      }
    },

    "words that are given up stay in sight"() {
      click("last");
      const written = one("#data").textContent.includes('"writes":[{');
      const walks = all(".walk").filter((walk) => walk.querySelector(".given-up .value") !== null);
      if (written) expect(walks.length > 0, "no word is shown as given up");
      for (const value of all(".walk .drawing .given-up .value")) {
        expect(value.textContent !== "", "a word that was given up is empty");
      }
    },

    "the stack pointer is drawn in every walk"() {
      for (let tick = 0; tick <= end(); tick += 1) {
        slider().value = tick;
        slider().dispatchEvent(new Event("input"));
        for (const stack of all(".memory")) same(all(".edge", stack).length, 1, "pointers");
      }
    },

    "every name in the page is given once, and every reference has a target"() {
      const ids = all("[id]").map((named) => named.id);
      same(new Set(ids).size, ids.length, "different names");
      for (const attribute of ["aria-labelledby", "aria-describedby", "for"]) {
        for (const referring of all(`[${attribute}]`)) {
          const target = referring.getAttribute(attribute);
          expect(document.getElementById(target) !== null, `${target} is nowhere`);
        }
      }
    },

    "every text has a contrast that can be read"() {
      expectContrast();
    },

    "what is lit has a contrast that can be read"() {
      sharedLine().click();
      expectContrast();
    },

    "no box is wider than the window"() {
      const width = document.documentElement.clientWidth;
      same(document.documentElement.scrollWidth, width, "width");
    },

    "without its script the page shows all steps, and no controls"() {
      document.documentElement.classList.remove("live");
      try {
        for (const cell of all(".steps .paper")) {
          expect(cell.getClientRects().length > 0, "a stack is hidden");
        }
      } finally {
        document.documentElement.classList.add("live");
      }
    },
  };

  const results = {};
  for (const [name, check] of Object.entries(checks)) {
    try {
      check();
      results[name] = "held";
    } catch (error) {
      results[name] = String(error.message ?? error);
    }
    letGo();
  }
  const written = document.createElement("pre");
  written.id = "results";
  written.textContent = btoa(unescape(encodeURIComponent(JSON.stringify(results))));
  document.body.append(written);
}
