// Fetches the part of the page that changes, while somebody looks at it.
"use strict";
const EVERY_MS = 2000;
const live = document.getElementById("live");
const silent = document.getElementById("silent");

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch("/fragment", { cache: "no-store" });
      if (answer.status === 401) {
        location.reload();
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      live.innerHTML = await answer.text();
      silent.hidden = true;
    } catch {
      silent.hidden = false;
    }
  }
  setTimeout(refresh, EVERY_MS);
}
setTimeout(refresh, EVERY_MS);
