// Lets the diagram, the table and the state of a counterexample move together. The page says everything without this script.
// Each step has an address, #name/number. Nothing here writes HTML: texts become text nodes, whatever is in them.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const make = (name, text, kind) => {
    const made = document.createElement(name);
    made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };

  class Run {
    constructor(section) {
      this.section = section;
      this.data = JSON.parse(section.querySelector("script[type='application/json']").textContent);
      this.rows = [...section.querySelectorAll(".steps tbody tr")];
      this.slider = section.querySelector("input[type=range]");
      this.now = section.querySelector(".now");
      this.values = section.querySelector(".values");
      this.beyond = section.querySelector(".beyond");
      this.svg = section.querySelector("figure svg");
      this.last = this.rows.length - 1;
      this.states = [this.data.start];
      for (const changed of this.data.changes) {
        const next = this.states[this.states.length - 1].slice();
        for (let i = 0; i < changed.length; i += 2) next[changed[i]] = changed[i + 1];
        this.states.push(next);
      }
      this.band = this.svg.appendChild(document.createElementNS(SVG, "rect"));
      this.cursor = this.svg.appendChild(document.createElementNS(SVG, "line"));
      this.band.setAttribute("class", "band");
      this.cursor.setAttribute("class", "cursor");
      for (const part of [this.band, this.cursor]) part.setAttribute("pointer-events", "none");
      this.slider.addEventListener("input", () => { current = this; this.go(Number(this.slider.value)); });
      section.addEventListener("click", (event) => this.clicked(event));
      section.addEventListener("focusin", () => { current = this; });
      this.show(this.last);
    }

    clicked(event) {
      current = this;
      const button = event.target.closest("[data-go]");
      if (button) { this.move(button.dataset.go); return; }
      const row = event.target.closest("[data-step]");
      if (row && !event.target.closest("a") && !String(getSelection())) this.go(Number(row.dataset.step));
    }

    move(how) {
      this.go({ first: 0, back: this.step - 1, on: this.step + 1, last: this.last }[how]);
    }

    go(step) {
      this.show(Math.min(Math.max(step, 0), this.last));
      this.reveal();
      history.replaceState(null, "", `#${this.section.id}/${this.step}`);
      document.getElementById("live").textContent = this.now.textContent;
    }

    reveal() {
      const stage = this.section.querySelector(".stage");
      const covered = getComputedStyle(stage).position === "sticky" ? stage.offsetHeight : 0;
      this.section.style.setProperty("--stage", `${covered}px`);
      this.rows[this.step].scrollIntoView({ block: "nearest" });
    }

    show(step) {
      this.step = step;
      this.slider.value = step;
      this.rows.forEach((row, number) => {
        if (number === step) row.setAttribute("aria-current", "step"); else row.removeAttribute("aria-current");
      });
      const cells = this.rows[step].cells;
      const words = [...cells].slice(1).filter((cell) => !cell.matches(".changes, .holds")).map((cell) => cell.textContent);
      this.now.textContent = `step ${step} of ${this.last}: ${words.filter(Boolean).join(" · ")}`;
      this.slider.setAttribute("aria-valuetext", this.now.textContent);
      this.point(step);
      this.tell(step);
      this.offer(step);
    }

    point(step) {
      const [left, right] = this.data.spans[step], top = this.data.top, bottom = this.data.bottom;
      const put = (part, values) => { for (const key of Object.keys(values)) part.setAttribute(key, values[key]); };
      put(this.band, { x: left, y: top, width: Math.max(right - left, 0), height: bottom - top });
      put(this.cursor, { x1: right, y1: top, x2: right, y2: bottom });
      for (const part of this.svg.querySelectorAll("[data-step]")) part.classList.toggle("on", Number(part.dataset.step) === step);
    }

    tell(step) {
      const state = this.states[step], before = this.states[Math.max(step - 1, 0)];
      const found = document.createDocumentFragment();
      let place = 0;
      for (const [name, elements] of this.data.places) {
        const groups = new Map();
        for (const element of elements) {
          const value = state[place], fresh = value !== before[place++];
          const group = groups.get(value) || groups.set(value, { names: [], fresh: false }).get(value);
          group.names.push(element);
          group.fresh = group.fresh || fresh;
        }
        const block = make("div", "");
        block.append(make("h4", name));
        for (const [value, { names, fresh }] of groups) block.append(make("p", this.line(value, names), fresh ? "fresh" : ""));
        found.append(block);
      }
      this.values.replaceChildren(found);
    }

    offer(step) {
      const [time, acts, more] = this.data.choices[step];
      const found = document.createDocumentFragment(), table = make("table", "", "choices"), body = make("tbody", "");
      if (time) found.append(make("p", time));
      const head = table.createTHead().insertRow();
      for (const word of ["who", "action", "what would change", "the property then"]) {
        const cell = head.appendChild(make("th", word));
        cell.scope = "col";
      }
      for (const [who, action, changed, holds, taken] of acts) {
        const row = body.insertRow();
        row.append(make("td", who), make("td", taken ? `${action} (this run goes on so)` : action), make("td", "", "changes"));
        changed.forEach((line, i) => row.lastChild.append(...(i ? [make("br", "")] : []), line));
        row.append(make("td", holds ? "holds" : "FALSE", holds ? "holds" : "false"));
        if (taken) row.className = "taken";
      }
      table.append(body);
      if (acts.length) found.append(table); else found.append(make("p", "No action is possible."));
      if (more) found.append(make("p", `… and ${more} more actions.`));
      this.beyond.replaceChildren(found);
    }

    line(value, names) {
      const word = this.data.words[value];
      if (names.length === 1 && !names[0]) return word;
      return `${word}: ${names.length > 9 ? `${names.slice(0, 7).join(", ")}, … ${names.length - 7} more` : names.join(", ")}`;
    }
  }

  let current = null;
  document.documentElement.classList.add("live-page");
  const runs = [...document.querySelectorAll("section.run")].map((section) => new Run(section));
  current = runs[0] || null;

  const follow = () => {
    const [id, step] = decodeURIComponent(location.hash.slice(1)).split("/");
    const run = runs.find((one) => one.section.id === id);
    if (!run) return;
    current = run;
    if (/^\d+$/.test(step || "") && Number(step) <= run.last) run.show(Number(step));
    run.section.scrollIntoView({ block: "start" });
    if (step !== undefined) run.reveal();
  };
  addEventListener("hashchange", follow);
  follow();

  const find = document.getElementById("find"), found = document.getElementById("found");
  const rows = [...document.querySelectorAll(".verdicts tbody tr, .steps tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  let hits = [], at = -1;
  const search = () => {
    const asked = find.value.trim().toLowerCase();
    rows.forEach((row, i) => {
      const hit = asked !== "" && texts[i].includes(asked);
      row.classList.toggle("hit", hit);
      row.classList.toggle("miss", asked !== "" && !hit);
    });
    hits = asked ? rows.filter((row) => row.classList.contains("hit")) : [];
    at = -1;
    found.textContent = asked ? `${hits.length} of ${rows.length} rows` : "";
  };
  const next = (by) => {
    if (!hits.length) return;
    at = (at + by + hits.length + (at < 0 && by < 0 ? 1 : 0)) % hits.length;
    const row = hits[at], run = runs.find((one) => one.rows.includes(row));
    if (run) { current = run; run.go(Number(row.dataset.step)); } else row.scrollIntoView({ block: "center" });
    found.textContent = `${at + 1} of ${hits.length} found`;
  };
  if (find) {
    find.addEventListener("input", search);
    find.addEventListener("keydown", (event) => {
      if (event.key === "Enter") next(event.shiftKey ? -1 : 1);
      if (event.key === "Escape") { find.value = ""; search(); find.blur(); }
    });
  }

  const KEYS = { ArrowLeft: "back", k: "back", ArrowRight: "on", j: "on", Home: "first", End: "last" };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !current) return;
    if (event.target.closest("input, textarea, select")) return;
    if (event.key in KEYS) current.move(KEYS[event.key]);
    else if (event.key === "n" || event.key === "p") {
      const to = runs[runs.indexOf(current) + (event.key === "n" ? 1 : -1)];
      if (!to) return;
      current = to;
      to.section.scrollIntoView({ block: "start" });
      to.go(to.step);
    } else if (event.key === "/") find.focus();
    else return;
    event.preventDefault();
  });
})();
