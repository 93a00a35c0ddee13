// What a page shows of something that is running is fetched again while it runs. Without this script
// every page works the same: a link looks again.
"use strict";
(() => {
  const parts = () => [...document.querySelectorAll("[data-live]")];
  const running = () => document.querySelector("[data-running], [data-live] .is-running") !== null;
  let pause = 3000;

  const look = async () => {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = [...found.querySelectorAll("[data-live]")];
      parts().forEach((part, n) => {
        if (!fresh[n] || part.contains(document.activeElement)) return;
        // What is inside changes, not the part itself: it may be one that is read aloud.
        if (part.innerHTML !== fresh[n].innerHTML) part.replaceChildren(...document.adoptNode(fresh[n]).childNodes);
      });
      pause = 3000;
    } catch {
      pause = Math.min(pause * 2, 60000);
    }
    if (running()) setTimeout(look, pause);
  };

  if (running()) setTimeout(look, pause);
})();
