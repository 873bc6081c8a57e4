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

  // A model that runs here. A state is its words; the code reads one at 0 and writes the next one behind it.
  class Model {
    static async load(holder) {
      const data = JSON.parse(holder.textContent);
      const code = Uint8Array.from(atob(data.code), (letter) => letter.charCodeAt(0));
      const { instance } = await WebAssembly.instantiate(code);
      return new Model(data, instance.exports);
    }

    constructor(data, code) {
      this.data = data;
      this.code = code;
      this.memory = new BigUint64Array(code.m.buffer);
      this.next = 8 * data.words;
    }

    put(state) { this.memory.set(state, 0); }

    get after() { return this.memory.slice(this.data.words, 2 * this.data.words); }

    // The state after a firing, or null where it is not possible.
    fire(state, number) {
      this.put(state);
      return this.code[`a${number}`](0, this.next) ? this.after : null;
    }

    // The state so many ticks later, or null where a deadline comes before.
    wait(state, ticks) {
      for (let i = 0; i < ticks; i++) {
        this.put(state);
        if (this.code.b(0)) return null;
        this.code.t(0, this.next);
        state = this.after;
      }
      return state;
    }

    possible(state) {
      const found = [];
      for (let number = 0; number < this.data.firings.length; number++) {
        const after = this.fire(state, number);
        if (after) found.push([number, after]);
      }
      return found;
    }

    broken(state) {
      this.put(state);
      const bits = this.code.w(0);
      return this.data.properties.filter((_, i) => (bits >>> i) & 1);
    }

    // How many ticks can pass until anything else is possible or broken, or time is stopped; 0 if waiting changes nothing.
    eventful(state) {
      const seen = (at) => `${this.possible(at).map(([number]) => number)}|${this.broken(at)}`;
      const before = seen(state);
      for (let ticks = 0; ticks < this.data.waits.length; ticks++) {
        const later = this.wait(state, 1);
        if (!later || later.every((word, i) => word === state[i])) return ticks;
        if (seen(later) !== before) return ticks + 1;
        state = later;
      }
      return this.data.waits.length;
    }

    texts(state) {
      return this.data.places.map(([word, shift, bits], slot) => {
        const value = bits ? Number((state[word] >> BigInt(shift)) & ((1n << BigInt(bits)) - 1n)) : 0;
        return this.data.vocabulary[this.data.speaks[slot]][value];
      });
    }

    // What a token of an address means: t3 is three ticks, 17 is a firing. Null where that is not possible.
    move(state, token) {
      const [, time, digits] = /^(t?)(\d{1,6})$/.exec(token) || [];
      const number = Number(digits);
      if (digits === undefined || (time ? number < 1 || number > this.data.waits.length : number >= this.data.firings.length)) return null;
      const after = time ? this.wait(state, number) : this.fire(state, number);
      if (!after) return null;
      const [who, action] = time ? ["time", `${this.data.waits[number - 1]} pass`] : this.data.firings[number];
      return { token, who, action, before: state, after, broken: this.broken(after) };
    }
  }

  const loading = new Map(); // models by the name of what holds them

  class Run {
    constructor(section) {
      this.section = section;
      this.data = JSON.parse(section.querySelector("script[type='application/json']").textContent);
      this.rows = [...section.querySelectorAll(".steps tbody tr")];
      this.slider = section.querySelector("input[type=range]");
      this.now = section.querySelector(".now");
      this.values = section.querySelector(".values");
      this.beyond = section.querySelector(".beyond");
      this.ownWay = section.querySelector(".own-way");
      this.model = null;
      this.taken = [];
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
      this.ready = section.dataset.model ? this.load(section.dataset.model) : Promise.resolve();
      this.ready.catch((problem) => this.beyond.replaceChildren(make("p", `The model does not run in this browser: ${problem}`)));
    }

    async load(name) {
      if (!loading.has(name)) loading.set(name, Model.load(document.getElementById(name)));
      this.model = await loading.get(name);
      this.packed = this.data.packed.map((words) => BigUint64Array.from(words, BigInt));
      this.offer(this.step);
    }

    clicked(event) {
      current = this;
      const button = event.target.closest("[data-go]");
      if (button) { this.move(button.dataset.go); return; }
      const take = event.target.closest("[data-take]");
      if (take) { this.take(take.dataset.take); return; }
      const row = event.target.closest("[data-step]");
      if (row && !event.target.closest("a") && !String(getSelection())) this.go(Number(row.dataset.step));
    }

    move(how) {
      this.go({ first: 0, back: this.step - 1, on: this.step + 1, last: this.last }[how]);
    }

    go(step) {
      this.show(Math.min(Math.max(step, 0), this.last));
      this.reveal();
      this.address();
      document.getElementById("live").textContent = this.now.textContent;
    }

    address() {
      const own = this.taken.length ? `/${this.taken.map(({ token }) => token).join(".")}` : "";
      history.replaceState(null, "", `#${this.section.id}/${this.step}${own}`);
    }

    // --- Off the run, by the model.

    get here() { return this.taken.length ? this.taken[this.taken.length - 1].after : this.packed[this.step]; }

    take(token) {
      if (token === "back") this.taken.pop();
      else if (token === "leave") this.taken = [];
      else {
        const moved = this.model.move(this.here, token);
        if (!moved) return false;
        this.taken.push(moved);
      }
      this.address();
      this.roam();
      const last = this.taken[this.taken.length - 1];
      document.getElementById("live").textContent = last ? `${last.who} · ${last.action} · ${this.holds(last.broken)}` : this.now.textContent;
      return true;
    }

    // Takes the steps of an address as far as they are possible.
    retrace(tokens) {
      for (const token of tokens) if (!this.take(token)) break;
      if (this.taken.length) this.beyond.closest("details").open = true;
    }

    roam() {
      if (this.taken.length) {
        const { before, after } = this.taken[this.taken.length - 1];
        this.write(this.model.texts(after), this.model.texts(before));
      } else this.tell(this.step);
      this.offer(this.step);
    }

    holds(broken) { return broken.length ? `FALSE: ${broken.join(", ")}` : "all hold"; }

    changed(before, after) {
      const [old, fresh] = [this.model.texts(before), this.model.texts(after)], lines = [];
      let place = 0;
      for (const [name, elements] of this.data.places) {
        const groups = new Map();
        for (const element of elements) {
          if (old[place] !== fresh[place]) {
            const change = `${old[place]} → ${fresh[place]}`;
            (groups.get(change) || groups.set(change, []).get(change)).push(element);
          }
          place++;
        }
        for (const [change, names] of groups) lines.push(names[0] ? `${name}[${this.listed(names)}]: ${change}` : `${name}: ${change}`);
      }
      return lines;
    }

    button(token, text, name) {
      const made = make("button", text);
      made.type = "button";
      made.dataset.take = token;
      if (name) made.setAttribute("aria-label", name);
      return made;
    }

    moves(rows, number) {
      const table = make("table", "", "choices"), body = make("tbody", ""), head = table.createTHead().insertRow();
      for (const word of [number ? "#" : "", "who", "action", "what changes", "the properties then"]) {
        const cell = head.appendChild(make("th", word));
        cell.scope = "col";
      }
      for (const [first, { who, action, before, after, broken }, kind] of rows) {
        const row = body.insertRow();
        row.insertCell().append(first);
        row.append(make("td", who), make("td", action), make("td", "", "changes"));
        this.changed(before, after).forEach((line, i) => row.lastChild.append(...(i ? [make("br", "")] : []), line));
        row.append(make("td", this.holds(broken), broken.length ? "false" : "holds"));
        if (kind) row.className = kind;
      }
      table.append(body);
      return table;
    }

    live(step) {
      const state = this.here, on = this.packed[step + 1], waits = [];
      const own = document.createDocumentFragment(), found = document.createDocumentFragment();
      if (this.taken.length) {
        own.append(make("p", `You have left the run after step ${step}. Your own steps:`));
        own.append(this.moves(this.taken.map((move, i) => [String(i + 1), move]), true));
        own.append(this.button("back", "Take the last one back"), " ", this.button("leave", "Return to the run"));
      }
      const tick = this.model.wait(state, 1), most = tick ? this.model.eventful(state) : 0;
      if (!tick && this.model.data.waits.length) found.append(make("p", "Time is held: a deadline has come."));
      else if (most > 1) waits.push(`t${most}`, "t1");
      else if (most) waits.push("t1");
      const rows = [...waits, ...this.model.possible(state).map(([number]) => String(number))].map((token) => {
        const move = this.model.move(state, token);
        const goesOn = !this.taken.length && on && move.after.every((word, i) => word === on[i]);
        return [this.button(token, "take", `take: ${move.who}, ${move.action}`), move, goesOn ? "taken" : ""];
      });
      found.append(rows.length ? this.moves(rows, false) : make("p", "No action is possible, and waiting changes nothing."));
      this.ownWay.replaceChildren(own);
      this.beyond.replaceChildren(found);
    }

    reveal() {
      const stage = this.section.querySelector(".stage");
      const covered = getComputedStyle(stage).position === "sticky" ? stage.offsetHeight : 0;
      this.section.style.setProperty("--stage", `${covered}px`);
      this.rows[this.step].scrollIntoView({ block: "nearest" });
    }

    show(step) {
      this.step = step;
      this.taken = [];
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
      const words = (state) => state.map((value) => this.data.words[value]);
      this.write(words(this.states[step]), words(this.states[Math.max(step - 1, 0)]));
    }

    write(state, before) {
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
      if (this.model) { this.live(step); return; }
      if (!this.data.choices.length) return; // the model is on its way
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

    line(word, names) {
      return names.length === 1 && !names[0] ? word : `${word}: ${this.listed(names)}`;
    }

    listed(names) {
      return names.length > 9 ? `${names.slice(0, 7).join(", ")}, … ${names.length - 7} more` : names.join(", ");
    }
  }

  let current = null;
  document.documentElement.classList.add("live-page");
  const runs = [...document.querySelectorAll("section.run")].map((section) => new Run(section));
  current = runs[0] || null;

  const follow = () => {
    const [id, step, own] = decodeURIComponent(location.hash.slice(1)).split("/");
    const run = runs.find((one) => one.section.id === id);
    if (!run) return;
    current = run;
    if (/^\d+$/.test(step || "") && Number(step) <= run.last) {
      run.show(Number(step));
      if (own) run.ready.then(() => { if (run.model && run.step === Number(step) && !run.taken.length) run.retrace(own.split(".")); });
    }
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
