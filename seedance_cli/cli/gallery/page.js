"use strict";
// Search, filters, sort, and playing side by side. Without it the page shows every video all the same.
(() => {
  const wall = document.querySelector(".wall");
  const form = document.querySelector(".tools");
  const nothing = document.querySelector(".nothing");
  const sets = [...wall.children].map((element) => {
    const cards = element.matches("article") ? [element] : [...element.querySelectorAll("article")];
    const prompt = element.querySelector(".prompt")?.textContent ?? "";
    return { element, cards, prompt, text: new Map() };
  });
  const total = sets.reduce((sum, set) => sum + set.cards.length, 0);
  const filters = [];

  const add = (name, label, options) => {
    const select = document.createElement("select");
    select.setAttribute("aria-label", label);
    select.name = name;
    for (const [value, text] of options) select.add(new Option(text, value));
    form.append(select);
    return select;
  };

  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = "Search prompts, names, refs  ( / )";
  search.setAttribute("aria-label", "Search");
  form.append(search);

  for (const [name, all] of [["provider", "All sellers"], ["model", "All models"],
    ["batch", "All batches"]]) {
    const values = new Set(sets.flatMap((set) => set.cards.map((card) => card.dataset[name])));
    values.delete(undefined);
    if (values.size < 2) continue;
    const options = [...values].sort().map((value) => [value, value]);
    filters.push(add(name, all, [["", all], ...options]));
  }

  const number = (card, name, missing) => Number(card.dataset[name] ?? missing);
  const units = (a, b) => (a.dataset.unit ?? "\uffff").localeCompare(b.dataset.unit ?? "\uffff");
  // Costs in two units are not compared: one unit comes after the other.
  const orders = {
    given: ["In order", null],
    newest: ["Newest first", (a, b) => number(b, "at", 0) - number(a, "at", 0)],
    oldest: ["Oldest first", (a, b) => number(a, "at", Infinity) - number(b, "at", Infinity)],
    cheapest: ["Cheapest first", (a, b) => units(a, b)
      || number(a, "cost", Infinity) - number(b, "cost", Infinity)],
    fastest: ["Fastest first", (a, b) => number(a, "took", Infinity) - number(b, "took", Infinity)],
    prompt: ["By prompt", null],
  };
  const sort = add("sort", "Order", Object.entries(orders).map(([key, [text]]) => [key, text]));
  const count = document.createElement("output");
  form.append(count);

  const textOf = (set, card) => {
    if (!set.text.has(card)) {
      set.text.set(card, `${set.prompt} ${card.textContent}`.toLowerCase());
    }
    return set.text.get(card);
  };

  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const set of sets) {
      let here = 0;
      for (const card of set.cards) {
        const fits = filters.every(({ name, value }) => !value || card.dataset[name] === value)
          && words.every((word) => textOf(set, card).includes(word));
        card.hidden = !fits;
        here += fits;
      }
      set.element.hidden = here === 0;
      if (set.element.matches(".set")) {
        set.element.className = set.element.className.replace(/\bn\d+/, `n${Math.min(here, 9)}`);
      }
      shown += here;
    }
    nothing.hidden = shown > 0;
    count.textContent = shown === total ? `${total} in all` : `${shown} of ${total}`;
  };

  const arrange = () => {
    const order = orders[sort.value][1];
    const best = (set) => (order ? [...set.cards].sort(order)[0] : null);
    const ranked = sets.map((set, place) => ({ set, place, best: best(set) }));
    ranked.sort((a, b) => (order && order(a.best, b.best))
      || (sort.value === "prompt" && a.set.prompt.localeCompare(b.set.prompt))
      || a.place - b.place);
    wall.append(...ranked.map(({ set }) => set.element));
  };

  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  sort.addEventListener("change", arrange);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, select, video")) {
      event.preventDefault();
      search.focus();
    }
  });

  // Videos of one prompt can be started together; only the first of them is heard.
  for (const { element } of sets) {
    const videos = [...element.querySelectorAll("video")];
    const head = element.querySelector(":scope > header");
    if (!head || videos.length < 2) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = "▶ Play together";
    button.addEventListener("click", () => {
      for (const [place, video] of videos.entries()) {
        video.muted = place > 0;
        video.currentTime = 0;
        video.play().catch(() => {});
      }
    });
    head.append(button);
  }

  // Without a poster a video shows its first picture once it comes near the screen.
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      target.preload = "metadata";
      near.unobserve(target);
    }
  }, { rootMargin: "600px" });
  for (const video of document.querySelectorAll("video:not([poster])")) near.observe(video);

  form.hidden = total < 2;
  show();
})();
