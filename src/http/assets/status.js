"use strict";
// Keeps the page's state fresh: fetches the same fragment that the page was loaded with, and changes
// what differs in place, so that whatever the reader has opened, focused, selected or scrolled stays.
(() => {
  const every = 1000;         // ms between two answers while somebody looks
  const everyHidden = 15000;  // while nobody can see it
  const longestPause = 10000; // between two tries while the agent is away
  const patience = 3000;      // with one answer

  const away = document.getElementById("away");
  let awaySince = null;
  let failures = 0;
  let timer = 0;
  let busy = false;

  const isDetailsOpen = (node, name) => node.localName === "details" && name === "open";

  const takeAttributes = (node, fresh) => {
    for (const { name, value } of fresh.attributes) {
      if (!isDetailsOpen(node, name) && node.getAttribute(name) !== value) {
        node.setAttribute(name, value);
      }
    }
    for (const { name } of [...node.attributes]) {
      if (!isDetailsOpen(node, name) && !fresh.hasAttribute(name)) node.removeAttribute(name);
    }
  };

  // The child of `parent` that `fresh` is the newer state of.
  const counterpart = (parent, candidate, fresh) => {
    if (fresh.id) return [...parent.children].find((child) => child.id === fresh.id);
    const alike = candidate && !candidate.id && candidate.nodeName === fresh.nodeName;
    return alike ? candidate : undefined;
  };

  const takeState = (node, fresh) => {
    if (node.nodeType !== Node.ELEMENT_NODE) {
      if (node.data !== fresh.data) node.data = fresh.data;
      return;
    }
    takeAttributes(node, fresh);
    let next = node.firstChild;
    for (const child of [...fresh.childNodes]) {
      const known = counterpart(node, next, child);
      if (!known) {
        node.insertBefore(child, next);
        continue;
      }
      // What stands before it and has gone is dropped first: moving an element loses its focus.
      while (next !== known && next && known.compareDocumentPosition(next) & 2) {
        const gone = next;
        next = next.nextSibling;
        gone.remove();
      }
      if (known === next) next = next.nextSibling;
      else node.insertBefore(known, next);
      takeState(known, child);
    }
    while (next) {
      const gone = next;
      next = next.nextSibling;
      gone.remove();
    }
  };

  const show = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("state");
    const state = document.getElementById("state");
    if (!fresh) throw new Error("no state in the answer");
    if (fresh.dataset.version !== state.dataset.version) {
      location.reload(); // another graft answers, with a script of its own
      return;
    }
    takeState(state, fresh);
    document.title = fresh.dataset.title;
  };

  const sayAway = () => {
    if (!awaySince) awaySince = new Date();
    const text = "The agent does not answer since " + awaySince.toISOString().slice(11, 19) +
      " UTC. What follows is older.";
    if (away.textContent !== text) away.textContent = text;
    away.hidden = false;
    document.body.classList.add("stale");
  };

  const sayBack = () => {
    awaySince = null;
    away.hidden = true;
    away.textContent = "";
    document.body.classList.remove("stale");
  };

  const ask = async () => {
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(), patience);
    try {
      const answer = await fetch("status/fragment", { cache: "no-store", signal: abort.signal });
      if (!answer.ok) throw new Error("status " + answer.status);
      show(await answer.text());
      failures = 0;
      if (awaySince) sayBack();
    } catch (error) {
      failures += 1;
      sayAway();
    } finally {
      clearTimeout(limit);
    }
  };

  const update = async () => {
    clearTimeout(timer);
    if (busy) return;
    busy = true;
    await ask();
    busy = false;
    const pause = failures ? Math.min(every * 2 ** (failures - 1), longestPause) : every;
    timer = setTimeout(update, document.hidden ? everyHidden : pause);
  };

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) update();
  });
  timer = setTimeout(update, every);
})();
