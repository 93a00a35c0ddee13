// What a page shows of something that is running, or that is put together anew, is fetched again until it
// has ended. Without this script every page works the same: a link looks again.
"use strict";
(() => {
  const parts = (page) => [...page.querySelectorAll("[data-live]")];
  const running = () => document.querySelector("[data-running], [data-live] .is-running") !== null;
  // Somebody writes into a form, or has the focus there: it stays as it is.
  const inUse = (part) => part.contains(document.activeElement) || part.querySelector("details.decide[open]") !== null;
  let pause = 3000;

  const replace = (part, fresh) => {
    if (part.innerHTML === fresh.innerHTML) return;
    const open = [...part.querySelectorAll("details")].map((each) => each.open);
    // What is inside changes, not the part itself: it may be one that is read aloud.
    part.replaceChildren(...document.adoptNode(fresh).childNodes);
    part.querySelectorAll("details").forEach((each, n) => { each.open = open[n] ?? each.open; });
  };

  // A decision rests on what was read: a form that was opened before that changed would be refused.
  const warn = (page) => {
    const [here, there] = [document, page].map((each) => each.querySelector("[data-changed]"));
    if (here && there && here.dataset.changed !== there.dataset.changed && !here.textContent) {
      here.textContent = "What this page says has changed since you opened the form below. Open the page again: a decision on what was read before is refused.";
    }
  };

  const look = async () => {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = parts(page);
      const kept = parts(document).filter((part, n) => {
        if (!fresh[n]) return false;
        if (inUse(part)) return part.querySelector("form") !== null;
        replace(part, fresh[n]);
        return false;
      });
      if (kept.length) warn(page);
      pause = 3000;
    } catch {
      pause = Math.min(pause * 2, 60000);
    }
    if (running()) setTimeout(look, pause);
  };

  // A link to a form opens it.
  const reveal = () => {
    const there = document.getElementById(location.hash.slice(1));
    const form = there?.closest("details.decide");
    if (!form) return;
    form.open = true;
    there.focus();
  };
  addEventListener("hashchange", reveal);
  reveal();

  if (running()) setTimeout(look, pause);
})();
