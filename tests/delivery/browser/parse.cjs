/* Reads a JSON list of cards from stdin and writes, card by card, what the renderer of Adaptive Cards finds wrong with
   them as cards of version 1.4, and the card as the renderer understood it. */
"use strict";

const [renderer] = process.argv.slice(2);
const AdaptiveCards = require(renderer);
const { AdaptiveCard, HostConfig, SerializationContext, Versions } = AdaptiveCards;

let input = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (part) => { input += part; });
process.stdin.on("end", () => {
  const judged = JSON.parse(input).map((source) => {
    const card = new AdaptiveCard();
    card.hostConfig = new HostConfig({ actions: { maxActions: 6 } });
    const context = new SerializationContext(Versions.v1_4);
    card.parse(source, context);
    const problems = card.validateProperties().validationEvents.map((event) => event.message);
    for (let place = 0; place < context.eventCount; place += 1) problems.push(context.getEventAt(place).message);
    return { problems, understood: card.toJSON(new SerializationContext(Versions.v1_4)) };
  });
  process.stdout.write(JSON.stringify(judged));
});
