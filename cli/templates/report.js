"use strict";
// Draws the picture from the data in this page, and filters it. Whatever the data holds is set as text, never as HTML.
(() => {
  const SHOWN_AT_FIRST = 60;
  const DENSE = 80;
  const OLD_MINUTES = 60;

  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const words = new Map(data.statuses);
  const urgency = new Map(data.statuses.map(([status], place) => [status, place]));
  const form = $("filter");

  // ------------------------------------------------------------------ elements

  /** An element with a class, and texts or elements in it. */
  function make(tag, className, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  /** The sign of a status. */
  function sign(status, title) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", `cell ${status}`);
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(svg.namespaceURI, "use");
    use.setAttribute("href", `#${status}`);
    if (title) {
      const text = document.createElementNS(svg.namespaceURI, "title");
      text.textContent = title;
      svg.append(text);
    }
    svg.append(use);
    return svg;
  }

  const number = (value) => value.toLocaleString("en-US");
  const count = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

  /** How long ago, in the unit that matters. */
  function age(from, to) {
    const minutes = Math.max(0, Math.floor((to - from) / 60000));
    if (minutes < 120) return `${minutes} min`;
    return minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
  }

  function groupBy(items, key) {
    const groups = new Map();
    for (const item of items) {
      const name = key(item);
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(item);
    }
    return groups;
  }

  // ------------------------------------------------------------------ what is wanted

  const inHold = (hold) => [hold.subject, hold.reason, hold.message, hold.account];
  const haystack = (parts) => parts.filter(Boolean).join(" ").toLowerCase();
  for (const hold of data.holds) hold.haystack = haystack(inHold(hold));
  for (const endpoint of data.endpoints) {
    const service = data.services[endpoint.service];
    const records = endpoint.records.flatMap((record) => [record.zone, record.name, record.addresses]);
    const holds = endpoint.holds.flatMap((place) => inHold(data.holds[place]));
    endpoint.haystack = haystack([endpoint.id, service.id, ...service.names, endpoint.account, endpoint.vpc, endpoint.state,
      words.get(endpoint.status), ...records, ...holds]);
  }

  let open = new Set();
  const all = new Set();

  /** What the form says. */
  function wanted() {
    const given = new FormData(form);
    return {
      text: given.get("text").trim(), terms: given.get("text").toLowerCase().split(/\s+/).filter(Boolean),
      states: new Set(given.getAll("state")), service: given.get("service"), account: given.get("account"),
    };
  }

  function matches(endpoint, want) {
    return (!want.states.size || want.states.has(endpoint.status))
      && (!want.service || data.services[endpoint.service].id === want.service)
      && (!want.account || endpoint.account === want.account)
      && want.terms.every((term) => endpoint.haystack.includes(term));
  }

  /** Whether a hold is wanted: by itself, or because an endpoint that is wanted shows it. */
  function holdMatches(hold, place, want, ofWanted) {
    return ofWanted.has(place) || ((!want.states.size || want.states.has("held"))
      && (!want.service || hold.subject.startsWith(`${want.service}/`) || hold.subject === `definition/${want.service}`)
      && (!want.account || hold.account === want.account)
      && want.terms.every((term) => hold.haystack.includes(term)));
  }

  // ------------------------------------------------------------------ the fragment

  function toFragment(want) {
    const fragment = new URLSearchParams();
    if (want.text) fragment.set("text", want.text);
    if (want.states.size) fragment.set("state", [...want.states].join(","));
    if (want.service) fragment.set("service", want.service);
    if (want.account) fragment.set("account", want.account);
    if (open.size) fragment.set("open", [...open].join(","));
    const text = fragment.toString();
    const now = location.hash.slice(1);
    // An address that leads to a heading stays as long as nothing is filtered.
    if (text !== now && (text || !$(now))) history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  function fromFragment() {
    const fragment = new URLSearchParams(location.hash.slice(1));
    const list = (name) => new Set((fragment.get(name) || "").split(",").filter(Boolean));
    const states = list("state");
    form.elements.text.value = fragment.get("text") || "";
    for (const box of form.querySelectorAll("[name=state]")) box.checked = states.has(box.value);
    form.elements.service.value = fragment.get("service") || "";
    form.elements.account.value = fragment.get("account") || "";
    // What the page does not know is no filter.
    for (const field of [form.elements.service, form.elements.account]) if (field.selectedIndex < 0) field.value = "";
    open = list("open");
  }

  // ------------------------------------------------------------------ the picture

  /** What is the matter in an account, in words. */
  function inWords(endpoints) {
    const by = groupBy(endpoints, (endpoint) => endpoint.status);
    const statuses = [...by.keys()].sort((a, b) => urgency.get(a) - urgency.get(b));
    const element = make("span", "words");
    if (statuses.length === 1) {
      const word = endpoints.length === 1 ? words.get(statuses[0]) : `all ${words.get(statuses[0])}`;
      element.append(statuses[0] === "active" ? word : make("b", statuses[0], word));
      return element;
    }
    statuses.filter((status) => status !== "active").forEach((status, place) => {
      element.append(place ? " · " : "", make("b", status, `${number(by.get(status).length)} ${words.get(status)}`));
    });
    return element;
  }

  function cells(vpcs) {
    const element = make("span", "bar");
    for (const endpoints of vpcs.values()) {
      const signs = endpoints.map((endpoint) => sign(endpoint.status, `${endpoint.id}: ${words.get(endpoint.status)}`));
      element.append(make("span", "vpc", ...signs));
    }
    return element;
  }

  /** An endpoint with its wire to each zone. */
  function wiring(endpoint) {
    const state = endpoint.state ? `${endpoint.state} in EC2` : "not listed in EC2";
    const about = [state];
    if (endpoint.first_seen) about.push(`known for ${age(Date.parse(endpoint.first_seen), readAt)}`);
    if (endpoint.due && Date.parse(endpoint.due) > readAt) about.push("next look is due");
    const who = make("div", "who", sign(endpoint.status),
      make("span", "", make("span", `status ${endpoint.status}`, words.get(endpoint.status)), " ", make("span", "id", endpoint.id)),
      make("span", "about", about.join(" · ")));
    const whole = endpoint.records.length && endpoint.status === "active";
    const thread = make("div", `thread ${endpoint.status} ${whole ? "whole" : endpoint.records.length ? "moving" : "broken"}`);
    const zones = make("div", "zones", ...endpoint.records.map((record) => make("div", "",
      make("span", "id", `${record.zone} ${record.name}`), make("span", "to", ` → ${record.addresses}`),
      record.is_pending ? make("span", "to", ", being written") : null)));
    if (!endpoint.records.length) zones.append(make("span", "to", "no record has it"));
    const holds = make("div", "holds", ...endpoint.holds.map((place) => {
      const hold = data.holds[place];
      return make("div", "", make("span", "what", hold.reason), ` ${hold.message}. What helps: ${hold.remedy}.`);
    }));
    return make("div", "endpoint", who, thread, zones, endpoint.holds.length ? holds : null);
  }

  /** The first of a long list, and a button for the rest. */
  function some(parent, items, draw, key, what) {
    const first = all.has(key) || items.length <= SHOWN_AT_FIRST + 5 ? items.length : SHOWN_AT_FIRST;
    parent.append(...items.slice(0, first).map(draw));
    if (first === items.length) return null;
    const button = make("button", "more", `Show ${number(items.length - first)} more ${what}`);
    button.type = "button";
    button.addEventListener("click", () => {
      all.add(key);
      button.remove();
      const rest = items.slice(first).map(draw);
      parent.append(...rest);
      (rest[0].querySelector("button") || rest[0]).focus();
    });
    return button;
  }

  function opened(key, vpcs) {
    const panel = make("div", "open");
    for (const [vpc, endpoints] of vpcs) {
      const frame = make("div", "frame", make("span", "id", vpc || "in a VPC that no function has seen yet"));
      const list = make("div", "");
      frame.append(list);
      panel.append(frame);
      const more = some(list, endpoints, wiring, `${key}/${vpc}`, "endpoints");
      if (more) panel.append(more);
    }
    return panel;
  }

  let panels = 0;

  function accountRow(service, account, endpoints) {
    const key = `${service.id}/${account}`;
    const vpcs = groupBy(endpoints, (endpoint) => endpoint.vpc || "");
    const row = make("button", "row", make("span", "mark-open"), make("span", "id", account),
      make("span", "many", number(endpoints.length)), cells(vpcs));
    const words = inWords(endpoints);
    row.lastChild.append(words);
    row.type = "button";
    row.setAttribute("aria-label", `account ${account}, ${count(endpoints.length, "endpoint")} in ${count(vpcs.size, "VPC")}, ${words.textContent}`);
    const item = make("li", endpoints.length > DENSE ? "dense" : "", row);
    const show = (isOpen) => {
      row.setAttribute("aria-expanded", String(isOpen));
      if (isOpen && item.children.length === 1) {
        const panel = opened(key, vpcs);
        panel.id = `panel-${panels += 1}`;
        row.setAttribute("aria-controls", panel.id);
        item.append(panel);
      } else if (!isOpen && item.children.length > 1) {
        item.lastChild.remove();
        row.removeAttribute("aria-controls");
      }
    };
    row.addEventListener("click", () => {
      const isOpen = row.getAttribute("aria-expanded") !== "true";
      if (isOpen) open.add(account); else open.delete(account);
      show(isOpen);
      toFragment(wanted());
    });
    show(open.has(account));
    return item;
  }

  const worst = (endpoints) => Math.min(urgency.size, ...endpoints.map((endpoint) => urgency.get(endpoint.status)));

  function serviceSection(place, endpoints) {
    const service = data.services[place];
    const accounts = [...groupBy(endpoints, (endpoint) => endpoint.account)];
    const order = new Map(accounts.map(([account, own]) => [account, worst(own)]));
    // The most urgent first, of these the largest.
    accounts.sort(([a, ofA], [b, ofB]) => order.get(a) - order.get(b) || ofB.length - ofA.length || (a < b ? -1 : 1));
    const zones = new Set(endpoints.flatMap((endpoint) => endpoint.records.map((record) => record.zone)));
    const header = make("header", "", make("h3", "", make("span", "id", service.id)),
      make("span", "names", service.is_defined ? service.names.join(", ") : "not defined here"),
      make("span", "names", `${count(endpoints.length, "endpoint")}, ${count(accounts.length, "account")}, ${count(zones.size, "zone")}`));
    const list = make("ol", "accounts");
    const more = some(list, accounts, ([account, own]) => accountRow(service, account, own), service.id, "accounts");
    return make("section", "service", header, endpoints.length ? list : make("p", "quiet", "no endpoint"), more);
  }

  function draw() {
    const want = wanted();
    const isFiltered = Boolean(want.terms.length || want.states.size || want.service || want.account);
    const endpoints = data.endpoints.filter((endpoint) => matches(endpoint, want));
    const byService = groupBy(endpoints, (endpoint) => endpoint.service);
    const places = data.services.map((_, place) => place).filter((place) => byService.has(place) || !isFiltered);
    const of = (place) => byService.get(place) || [];
    places.sort((a, b) => worst(of(a)) - worst(of(b)) || of(b).length - of(a).length);
    const sections = places.map((place) => serviceSection(place, of(place)));
    if (!sections.length) sections.push(make("p", "nothing", isFiltered ? "No endpoint matches." : "No service is defined yet."));
    $("picture").replaceChildren(...sections);
    const holds = drawHolds(want, endpoints, isFiltered);
    $("shown").textContent = isFiltered
      ? `${number(endpoints.length)} of ${count(data.endpoints.length, "endpoint")} and ${number(holds)} of ${count(data.holds.length, "hold")} match` : "";
    $("clear").disabled = !isFiltered;
    toFragment(want);
  }

  /** Shows the holds that are wanted. Returns how many. */
  function drawHolds(want, endpoints, isFiltered) {
    const ofWanted = new Set(endpoints.flatMap((endpoint) => endpoint.holds));
    let shown = 0;
    for (const group of document.querySelectorAll(".group")) {
      let inGroup = 0;
      for (const row of group.querySelectorAll("[data-hold]")) {
        const place = Number(row.dataset.hold);
        row.hidden = isFiltered && !holdMatches(data.holds[place], place, want, ofWanted);
        if (!row.hidden) inGroup += 1;
      }
      group.hidden = inGroup === 0;
      group.querySelector(".number").textContent = number(inGroup);
      shown += inGroup;
    }
    const none = document.querySelector("#held-section .none");
    if (none) none.hidden = shown > 0;
    return shown;
  }

  // ------------------------------------------------------------------ at the start

  const readAt = Date.parse(data.read_at);

  function fill(select, values) {
    for (const value of values) select.append(new Option(value, value));
  }

  function tellAge() {
    const minutes = (Date.now() - readAt) / 60000;
    $("age").textContent = minutes < 1 ? ", just now" : `, ${age(readAt, Date.now())} ago`;
    $("age").className = minutes > OLD_MINUTES ? "old" : "";
  }

  fill(form.elements.service, data.services.map((service) => service.id));
  fill(form.elements.account, [...new Set(data.endpoints.map((endpoint) => endpoint.account))].sort());
  tellAge();
  setInterval(tellAge, 30000);
  fromFragment();
  draw();
  form.addEventListener("input", draw);
  form.addEventListener("submit", (event) => event.preventDefault());
  $("clear").addEventListener("click", () => {
    form.reset();
    open.clear();
    draw();
  });
  addEventListener("hashchange", () => {
    // A link to a heading of the page is no filter.
    if ($(location.hash.slice(1))) return;
    fromFragment();
    draw();
  });
  // On paper nothing can be opened.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((group) => { group.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((group) => { group.open = false; }));
})();
