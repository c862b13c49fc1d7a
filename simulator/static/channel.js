"use strict";

(() => {
  const asked = new URLSearchParams(location.search);
  const forced = asked.get("theme");
  /* ?only=2,3 shows the third and fourth card alone: for pictures and for links to a card. */
  const only = asked.get("only")?.split(",").map(Number);
  const wanted = (_, place) => only === undefined || only.includes(place);
  const night = matchMedia("(prefers-color-scheme: dark)");
  const posts = document.getElementById("posts");
  const shown = [];
  let heading = "";

  const theme = () => (forced === "dark" || forced === "light" ? forced : night.matches ? "dark" : "light");

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const web = (url) => {
    try {
      return ["https:", "http:"].includes(new URL(url).protocol);
    } catch {
      return false;
    }
  };

  /* The little Markdown that Teams formats, built on text whose HTML is escaped already: a tenant's strings cannot make elements. */
  const escaped = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const markdown = (text) => {
    const kept = [];
    const keep = (html) => `\uE000${kept.push(html) - 1}\uE001`;
    let html = text.replace(/[\uE000\uE001]/g, "");
    html = html.replace(/\\([\\`*_{}[\]()#+\-.!~>|])/g, (_, sign) => keep(escaped(sign)));
    html = html.replace(/\[([^[\]]+)\]\(([^()\s]+)\)/g, (whole, label, url) =>
      web(url) ? keep(`<a href="${escaped(url)}" target="_blank" rel="noopener noreferrer">`) + label + keep("</a>") : whole);
    html = escaped(html);
    html = html.replace(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>");
    html = html.replace(/(^|[^\w*])[*_]([^*_]+)[*_](?!\w)/g, "$1<em>$2</em>");
    html = html.replace(/\r?\n/g, "<br>");
    return html.replace(/\uE000(\d+)\uE001/g, (_, number) => kept[Number(number)]);
  };

  /* Without the renderer: every text in the card, a line each, and its links. */
  const WORDS = ["text", "title", "value", "altText"];
  const INSIDE = ["body", "items", "columns", "facts", "inlines", "rows", "cells", "actions", "card"];
  const lines = (node) => {
    if (Array.isArray(node)) return node.flatMap(lines);
    if (typeof node === "string") return [node];
    if (node === null || typeof node !== "object") return [];
    if (node.type === "RichTextBlock") return [lines(node.inlines ?? []).join("")];
    if (Array.isArray(node.facts)) return node.facts.map((fact) => `${fact?.title}: ${fact?.value}`);
    const own = WORDS.map((key) => node[key]).filter((word) => typeof word === "string");
    if (typeof node.url === "string") own.push(node.url);
    return own.concat(INSIDE.flatMap((key) => lines(node[key])));
  };
  const plain = (card) => element("pre", "plain", lines(card).join("\n"));

  const rendered = (card) => {
    if (typeof AdaptiveCards === "undefined") return plain(card);
    try {
      const shape = new AdaptiveCards.AdaptiveCard();
      shape.hostConfig = new AdaptiveCards.HostConfig(hostConfig(theme()));
      shape.onExecuteAction = (action) => {
        if (action instanceof AdaptiveCards.OpenUrlAction && web(action.url)) open(action.url, "_blank", "noopener,noreferrer");
      };
      shape.parse(card);
      return shape.render() ?? plain(card);
    } catch (error) {
      console.error(error);
      return plain(card);
    }
  };

  const when = (stamp) => {
    const arrived = new Date(stamp);
    const today = arrived.toDateString() === new Date().toDateString();
    const day = today ? "" : `${arrived.toLocaleDateString(undefined, { day: "numeric", month: "short" })}, `;
    return day + arrived.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  };

  const post = ({ arrived, card }) => {
    const item = element("li", "post");
    const time = element("time", "", when(arrived));
    time.dateTime = arrived;
    const who = element("p", "who");
    who.append(element("strong", "", "Linekeeper (Workflows)"), time);
    const frame = element("div", "card");
    frame.append(rendered(card));
    const column = element("div");
    column.append(who, frame);
    const face = element("span", "face", "LK");
    face.setAttribute("aria-hidden", "true");
    item.append(face, column);
    return item;
  };

  const redraw = () => {
    document.documentElement.dataset.theme = theme();
    posts.replaceChildren(...shown.filter(wanted).map(post));
  };

  const title = (team, channel) => {
    if (heading === `${team} ${channel}`) return;
    heading = `${team} ${channel}`;
    document.getElementById("tile").textContent = team.slice(0, 1);
    document.getElementById("team").textContent = team;
    document.getElementById("channel").textContent = channel;
    document.title = `${channel} (simulated channel)`;
  };

  const update = async () => {
    const answer = await fetch(`/channel/cards.json?after=${shown.length}`, { cache: "no-store" });
    const { team, channel, cards } = await answer.json();
    title(team, channel);
    if (cards.length === 0) return;
    const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 80;
    const known = shown.length;
    shown.push(...cards);
    posts.append(...cards.filter((card, place) => wanted(card, known + place)).map(post));
    document.getElementById("empty").hidden = true;
    if (only !== undefined) return;
    if (atEnd || shown.length === cards.length) scrollTo({ top: document.documentElement.scrollHeight });
  };

  const poll = async () => {
    let lost = false;
    try {
      await update();
    } catch {
      lost = true;
    }
    document.getElementById("lost").hidden = !lost;
    setTimeout(poll, 1000);
  };

  if (typeof AdaptiveCards !== "undefined") {
    AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
      result.outputHtml = markdown(text);
      result.didProcess = true;
    };
  }
  night.addEventListener("change", redraw);
  redraw();
  poll();
})();
