// What networks answer to one digit: ten bars for each of them, side by side, and a sentence.

import { element, setText } from "./dom.mjs";

const WORDS = "zero one two three four five six seven eight nine".split(" ");

/** A share of 1 as a reader wants it: nothing below half a percent, and no certainty above 99. */
export function percent(share) {
  if (!(share >= 0.005)) return "";
  return share < 0.995 ? `${Math.round(100 * share)} %` : "> 99 %";
}

/** Which answers the networks give, in one sentence; answers are [name, digit]. */
export function verdict(answers) {
  if (answers.length === 0) return "";
  const [[, first]] = answers;
  const agree = answers.every(([, digit]) => digit === first);
  if (agree && answers.length === 1) return `It says ${WORDS[first]}.`;
  if (agree) return `${answers.length === 2 ? "Both" : "All three"} say ${WORDS[first]}.`;
  return `They disagree: ${answers.map(([name, digit]) => `${name} says ${WORDS[digit]}`).join(", ")}.`;
}

/**
 * {box, build(networks), paint(shares, nothing)}: shares has ten numbers for each network, null for
 * one whose weights are not here. Without a digit it is null, and `nothing` is the sentence, else
 * the networks' answers are; paint returns it.
 */
export function answerBars() {
  const [box, sentence, models] = [element("div"), element("p", "cbh-pad-verdict"), element("div", "cbh-pad-models")];
  box.append(sentence, models);
  let parts = [];
  return {
    box,
    build(networks) {
      parts = networks.map(buildModel);
      models.replaceChildren(...parts.map(({ model }) => model));
    },
    paint(shares, nothing) {
      const digits = parts.map((part, index) => paintModel(part, shares?.[index]));
      const answers = parts.map(({ name }, index) => [name, digits[index]]).filter(([, digit]) => digit >= 0);
      const words = shares ? verdict(answers) : nothing;
      setText(sentence, words);
      sentence.classList.toggle("cbh-pad-disagree", words.startsWith("They"));
      return words;
    },
  };
}

function buildModel({ name, layers, parameters }) {
  const model = element("div", "cbh-pad-model", "", { role: "group", "aria-label": name });
  const [says, list] = [element("p", "cbh-pad-says"), element("div", "", "", { role: "list", "aria-label": `What ${name} answers` })];
  const bars = WORDS.map((_, digit) => {
    const [line, text] = [element("div", "cbh-pad-bar", "", { role: "listitem" }), element("span")];
    const [track, bar] = [element("div", "cbh-pad-track", "", { "aria-hidden": "true" }), element("div", "cbh-pad-share")];
    track.append(bar);
    line.append(element("span", "", String(digit)), track, text);
    list.append(line);
    return { line, bar, text };
  });
  const large = `Its ${parameters.toLocaleString("en")} weights are too many for a saved page. In the notebook it answers.`;
  model.append(element("p", "cbh-pad-name", name), says, layers ? list : element("p", "cbh-pad-note", large));
  return { name, model, says, bars };
}

/** Gives the digit that the network takes it for, or -1. */
function paintModel({ says, bars }, shares) {
  const most = shares ? shares.indexOf(Math.max(...shares)) : -1;
  bars.forEach(({ line, bar, text }, digit) => {
    const share = shares?.[digit] ?? 0;
    bar.style.transform = `scaleX(${share})`;
    setText(text, percent(share));
    line.classList.toggle("cbh-pad-most", digit === most);
  });
  const none = shares ? "no answer: its numbers are too large" : "";
  setText(says, most >= 0 ? `${WORDS[most]}, ${percent(shares[most])}` : none);
  return most;
}
