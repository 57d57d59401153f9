"use strict";
// Keeps the tasks up to date. Only what has changed is put into the page, so that a video that plays
// plays on. Without it the page loads itself again when a task ends.
(() => {
  const PAUSE = 2000;
  const section = document.querySelector("#tasks");
  // A video that is not on the screen is not asked for: the sandbox renders it then.
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      target.preload = "metadata";
      near.unobserve(target);
    }
  });
  const watch = () => {
    for (const video of section.querySelectorAll("video[preload=none]")) near.observe(video);
  };
  const said = () => section.querySelector("output");

  const take = (fresh) => {
    const wall = section.querySelector(".wall");
    const old = new Map([...wall.children].map((one) => [one.id, one]));
    const kept = [...fresh.querySelector(".wall").children].map((one) => {
      const known = one.id && old.get(one.id);
      if (!known || known.className !== one.className) return document.adoptNode(one);
      const video = known.querySelector("video");
      if (video) video.dataset.fresh = one.querySelector("video").getAttribute("src");
      return known;
    });
    const same = kept.length === wall.children.length
      && kept.every((one, place) => one === wall.children[place]);
    if (!same) {
      for (const one of [...wall.children]) if (!kept.includes(one)) one.remove();
      // What is in its place already is not moved: moving a video stops it.
      kept.forEach((one, place) => {
        if (wall.children[place] !== one) wall.insertBefore(one, wall.children[place] ?? null);
      });
    }
    watch();
    const lines = [...section.querySelectorAll(".pages")];
    [...fresh.querySelectorAll(".pages")].forEach((line, place) => {
      if (line.textContent !== lines[place].textContent) {
        lines[place].replaceWith(document.adoptNode(line));
      }
    });
  };

  // A URL may expire (`--url-seconds`): the page's newest one is taken then.
  section.addEventListener("error", ({ target: video }) => {
    const { fresh } = video.dataset;
    if (!fresh || video.getAttribute("src") === fresh) return;
    const plays = !video.paused;
    video.src = fresh;
    if (plays) video.play().catch(() => {});
  }, true);

  const look = async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store", headers: { Accept: "text/html" } });
      const text = await answer.text();
      if (answer.ok) take(new DOMParser().parseFromString(text, "text/html").querySelector("#tasks"));
      if (said().textContent) said().textContent = "";
    } catch {
      said().textContent = "The sandbox does not answer; this is what it said last.";
    }
    setTimeout(look, PAUSE);
  };
  watch();
  setTimeout(look, PAUSE);
})();
