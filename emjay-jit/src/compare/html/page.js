// The page of a comparison: what belongs together lights up, and a call is walked through.
// Without this script the page says the same, in tables.

"use strict";

document.documentElement.classList.add("live");

/** How many of something, with its noun. */
function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** An element with a class and children, which are elements or text. */
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** Whether a row is seen in the box that scrolls it. */
function isInView(box, row) {
  const frame = box.getBoundingClientRect();
  const place = row.getBoundingClientRect();
  return place.top >= frame.top && place.bottom <= frame.bottom;
}

/** Scrolls a box, and nothing around it, so that a row in it is seen. */
function reveal(box, row) {
  if (isInView(box, row)) return;
  box.scrollTop += row.getBoundingClientRect().top - box.getBoundingClientRect().top
    - box.clientHeight / 3;
}

// ---- Lines that belong together --------------------------------------------------------------

/** Source, IR and columns: boxes whose lines know the line of the source they come from. */
const boxes = [...document.querySelectorAll(".lines")];

/** For each box, the lines of each line of the source. */
const linesOf = new Map(boxes.map((box) => {
  const lines = new Map();
  for (const row of box.querySelectorAll("[data-line]")) {
    if (!lines.has(row.dataset.line)) lines.set(row.dataset.line, []);
    lines.get(row.dataset.line).push(row);
  }
  return [box, lines];
}));

const linkStatus = document.getElementById("link-status");
const code = document.getElementById("code");
let lit = null;
let pinned = null;

/** Lights up what comes from a line of the source; `null` for nothing. */
function light(line, from) {
  if (line === lit) return;
  for (const [box, lines] of linesOf) {
    for (const row of lines.get(lit) ?? []) row.classList.remove("lit");
    const rows = lines.get(line) ?? [];
    for (const row of rows) row.classList.add("lit");
    const isSeen = rows.some((row) => isInView(box, row));
    if (rows.length > 0 && box !== from && !isSeen) reveal(box, rows[0]);
  }
  lit = line;
  tell();
}

function tell() {
  if (lit === null) {
    linkStatus.textContent = "";
    return;
  }
  const counts = boxes
    .filter((box) => box.dataset.name !== "source")
    .map((box) => {
      const count = (linesOf.get(box).get(lit) ?? []).length;
      return `${box.dataset.name}: ${counted(count, box.dataset.name === "IR" ? "line" : "instruction")}`;
    });
  linkStatus.textContent = `Line ${lit}${pinned === null ? "" : ", pinned"} – ${counts.join(" · ")}`;
}

/** Keeps a line lit until it is let go; `null` lets go. */
function pin(line, from) {
  pinned = line;
  code.classList.toggle("pinned", line !== null);
  light(line, from);
  tell();
}

/** The line that is lit while nothing is pointed at. */
function settle() {
  light(pinned, null);
}

function prepare(box) {
  const rows = [...box.querySelectorAll("[data-line]")];
  // One stop for Tab in each box; arrows go on from there.
  let current = 0;
  rows.forEach((row, index) => {
    row.tabIndex = index === 0 ? 0 : -1;
  });
  const goTo = (index) => {
    rows[current].tabIndex = -1;
    current = Math.min(Math.max(index, 0), rows.length - 1);
    rows[current].tabIndex = 0;
    rows[current].focus({ preventScroll: true });
    reveal(box, rows[current]);
  };
  const rowOf = (event) => event.target.closest("[data-line]");

  box.addEventListener("pointerover", (event) => {
    if (pinned !== null) return;
    light(rowOf(event)?.dataset.line ?? null, box);
  });
  box.addEventListener("pointerleave", settle);
  box.addEventListener("focusin", (event) => {
    const row = rowOf(event);
    if (row === null) return;
    rows[current].tabIndex = -1;
    current = rows.indexOf(row);
    row.tabIndex = 0;
    if (pinned === null) light(row.dataset.line, box);
  });
  box.addEventListener("focusout", settle);
  box.addEventListener("click", (event) => {
    const line = rowOf(event)?.dataset.line;
    if (line !== undefined) pin(line === pinned ? null : line, box);
  });
  box.addEventListener("keydown", (event) => {
    const moves = { ArrowUp: current - 1, ArrowDown: current + 1, Home: 0, End: rows.length - 1 };
    if (event.key in moves) {
      goTo(moves[event.key]);
    } else if (event.key === "Enter" || event.key === " ") {
      const line = rows[current].dataset.line;
      pin(line === pinned ? null : line, box);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
}

boxes.filter((box) => box.querySelector("[data-line]") !== null).forEach(prepare);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  pin(null, null);
  const focused = document.activeElement?.closest(".lines [data-line]");
  if (focused) light(focused.dataset.line, focused.closest(".lines"));
});

// ---- A call, step by step --------------------------------------------------------------------

/** How far one address lies above another, in bytes; addresses go round at 2^64. */
function distance(address, from) {
  return BigInt.asIntN(64, BigInt(address) - BigInt(from));
}

/** A distance with its sign, as in an operand: `+16`. */
function offset(bytes) {
  return bytes < 0n ? `−${-bytes}` : `+${bytes}`;
}

/** A column's walk: its panel on the page, and the states that it passes. */
class Walk {
  constructor(data) {
    this.data = data;
    this.panel = document.querySelector(`.walk[data-column="${data.column}"]`);
    this.now = this.panel.querySelector(".now");
    this.trace = this.panel.querySelector(".trace");
    this.registers = this.panel.querySelector(".registers");
    this.stepRows = new Map(
      [...this.trace.querySelectorAll("[data-step]")].map((row) => [Number(row.dataset.step), row]),
    );
    this.box = document.querySelector(`#column-${data.column} .lines`);
    this.cells = this.draw(this.panel.querySelector(".drawing"));
  }

  /** Draws the stack once; `show` fills it. */
  draw(drawing) {
    if (this.data.pointerName === null) return [];
    const body = element("tbody", "");
    const base = this.data.frameName === null ? [] : [this.data.frameName];
    const heads = ["", ["from ", this.data.pointerName, ...base.map((name) => `, ${name}`)].join(""),
      "address", "name", "value", ""];
    const head = element("tr", "", ...heads.map((text) => {
      const cell = element("th", "", text);
      cell.scope = "col";
      return cell;
    }));
    const cells = [];
    for (const row of this.data.rows) {
      if ("gap" in row) {
        const cell = element("td", "", `… ${row.gap} words …`);
        cell.colSpan = 6;
        body.append(element("tr", "gap", cell));
        continue;
      }
      const pointers = element("th", "pointers");
      pointers.scope = "row";
      const made = {
        address: row.word.address,
        pointers,
        offset: element("td", "offset"),
        name: element("td", "cell name"),
        value: element("td", "cell value"),
        note: element("td", "note"),
      };
      const address = element("td", "address", row.word.short);
      address.title = row.word.address;
      made.row = element("tr", "", pointers, made.offset, address, made.name, made.value, made.note);
      body.append(made.row);
      cells.push(made);
    }
    const table = element("table", "memory", element("thead", "", head), body);
    drawing.append(element("h4", "", "Stack (grows downwards)"), table);
    return cells;
  }

  /** What has been written after so many steps. */
  state(done) {
    const { data } = this;
    const state = {
      pointer: data.pointer,
      frame: null,
      words: new Map(data.before.map((word) => [word.address, word])),
      registers: new Map(),
      fresh: new Set(),
    };
    data.steps.slice(0, done).forEach((step) => {
      state.pointer = step.pointer;
      state.frame = step.frame;
      for (const word of step.writes) state.words.set(word.address, word);
      state.fresh = new Set(step.writes.map((word) => word.address));
      for (const register of step.registers) state.registers.set(register.name, register);
    });
    return state;
  }

  /** Shows the state after so many steps; `waits` if it was the same a moment ago. */
  show(done, waits) {
    const state = this.state(done);
    this.showStack(state, waits);
    this.showRegisters(state, done, waits);
    this.showStep(done, waits);
  }

  showStack(state, waits) {
    const { pointerName, frameName } = this.data;
    for (const cell of this.cells) {
      const height = distance(cell.address, state.pointer);
      const word = state.words.get(cell.address);
      const names = [];
      if (height === 0n) names.push(pointerName);
      if (state.frame === cell.address && frameName !== null) names.push(frameName);
      const places = [offset(height)];
      if (state.frame !== null && frameName !== null) places.push(offset(distance(cell.address, state.frame)));
      cell.pointers.textContent = names.length > 0 ? `${names.join(" ")} →` : "";
      cell.offset.textContent = places.join(", ");
      cell.name.textContent = word?.name ?? "";
      cell.value.textContent = word?.shown ?? "";
      cell.value.title = word?.value ?? "";
      const kind = word === undefined ? (height < 0n ? "free" : "empty") : (height < 0n ? "given-up" : "held");
      const fresh = state.fresh.has(cell.address) && !waits;
      const notes = [];
      if (kind === "given-up") notes.push("given up");
      if (fresh) notes.push("just written");
      cell.note.textContent = notes.join(", ");
      cell.row.className = [kind, fresh ? "fresh" : "", height === 0n ? "edge" : ""].join(" ").trim();
    }
  }

  showRegisters(state, done, waits) {
    const latest = waits ? [] : (this.data.steps[done - 1]?.registers ?? []).map(({ name }) => name);
    const items = [...state.registers.values()].map((register) => {
      const item = element("li", latest.includes(register.name) ? "fresh" : "", `${register.name} = ${register.shown}`);
      item.title = register.value;
      return item;
    });
    const title = element("h4", "", "Registers written");
    const none = element("p", "hint", "none yet");
    this.registers.replaceChildren(title, items.length > 0 ? element("ul", "", ...items) : none);
  }

  showStep(done, waits) {
    const step = this.data.steps[done - 1];
    const line = step === undefined ? null : document.getElementById(step.line);
    this.panel.querySelector(".taken")?.classList.remove("taken");
    this.box?.querySelector(".current")?.classList.remove("current");
    const row = this.stepRows.get(done);
    if (row !== undefined) {
      row.classList.add("taken");
      reveal(this.trace, row);
    } else {
      this.trace.scrollTop = 0;
    }
    if (line !== null) {
      line.classList.add("current");
      reveal(this.box, line);
    }
    this.now.replaceChildren(...this.describe(done, step, row, waits));
  }

  describe(done, step, row, waits) {
    if (step === undefined) {
      const note = waits ? "has nothing to do in this part" : "before the call";
      return [element("span", "waits", note)];
    }
    const text = row?.querySelector(".text code")?.textContent ?? "unknown";
    const parts = [element("span", "instruction-text", text)];
    const marks = row?.querySelectorAll(".part, .mechanism, .needless") ?? [];
    for (const mark of marks) parts.push(mark.cloneNode(true), " ");
    const place = row?.querySelector("td code")?.textContent ?? "";
    parts.push(`in ${place}, step ${done} of ${this.data.steps.length}`);
    if (waits) parts.push(element("span", "waits", " · waits for the others"));
    else if (step.skipped > 0) {
      parts.push(element("span", "waits", ` · ${counted(step.skipped, "instruction")} left out before it`));
    }
    return parts;
  }
}

/** All walks together: one of the moments that are the same for all of them. */
class Stepper {
  constructor({ ticks, walks }) {
    this.ticks = ticks;
    this.walks = walks.map((walk) => new Walk(walk));
    this.tick = 0;
    this.slider = document.getElementById("slider");
    this.buttons = Object.fromEntries(
      ["first", "back", "next", "next-part", "last"].map((id) => [id, document.getElementById(id)]),
    );
    this.parts = [...document.querySelectorAll(".parts [data-part]")];
    this.listen();
    document.getElementById("controls").hidden = false;
    this.goTo(0);
  }

  get end() {
    return this.ticks.length - 1;
  }

  goTo(tick) {
    this.tick = Math.min(Math.max(tick, 0), this.end);
    const { part, done } = this.ticks[this.tick];
    const before = this.ticks[this.tick - 1]?.done;
    this.walks.forEach((walk, index) => {
      walk.show(done[index], before !== undefined && before[index] === done[index]);
    });
    this.slider.value = this.tick;
    this.slider.setAttribute("aria-valuetext", `step ${this.tick} of ${this.end}, ${part ?? "before the call"}`);
    document.getElementById("position").textContent = this.tick;
    document.getElementById("phase").textContent = part === null ? "Before the call" : `In the ${part}`;
    this.buttons.first.disabled = this.buttons.back.disabled = this.tick === 0;
    this.buttons.last.disabled = this.buttons.next.disabled = this.tick === this.end;
    this.buttons["next-part"].disabled = this.tick === this.end;
    for (const button of this.parts) {
      if (button.dataset.part === part) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    }
  }

  /** The first moment of the next part; the end if there is none. */
  nextPart() {
    const { part } = this.ticks[this.tick];
    const next = this.ticks.findIndex((tick, index) => index > this.tick && tick.part !== part);
    return next < 0 ? this.end : next;
  }

  listen() {
    this.buttons.first.addEventListener("click", () => this.goTo(0));
    this.buttons.back.addEventListener("click", () => this.goTo(this.tick - 1));
    this.buttons.next.addEventListener("click", () => this.goTo(this.tick + 1));
    this.buttons["next-part"].addEventListener("click", () => this.goTo(this.nextPart()));
    this.buttons.last.addEventListener("click", () => this.goTo(this.end));
    this.slider.addEventListener("input", () => this.goTo(Number(this.slider.value)));
    for (const button of this.parts) {
      const start = this.ticks.findIndex((tick) => tick.part === button.dataset.part);
      button.disabled = start < 0;
      button.addEventListener("click", () => this.goTo(start));
    }
    this.walks.forEach((walk, index) => {
      walk.trace.addEventListener("click", (event) => {
        const row = event.target.closest("[data-step]");
        if (row === null) return;
        this.goTo(this.ticks.findIndex((tick) => tick.done[index] === Number(row.dataset.step)));
      });
    });
    document.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target instanceof HTMLInputElement) return;
    // In a box that can be scrolled sideways the arrows scroll.
    const scrolls = event.target.matches?.(".scroll, .lines, .drawing")
      && event.target.scrollWidth > event.target.clientWidth;
    if (scrolls) return;
    const inside = event.target.closest?.("#stepper") != null;
    if (event.key === "ArrowRight") this.goTo(this.tick + 1);
    else if (event.key === "ArrowLeft") this.goTo(this.tick - 1);
    else if (event.key === "Home" && inside) this.goTo(0);
    else if (event.key === "End" && inside) this.goTo(this.end);
    else return;
    event.preventDefault();
  }
}

const data = JSON.parse(document.getElementById("data").textContent);
if (data.walks.length > 0) new Stepper(data);
