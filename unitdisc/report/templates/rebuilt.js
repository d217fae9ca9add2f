// What the decoder of a run makes of units: excerpts rebuilt, also in other voices, and each unit by itself.

const rebuiltNow = () => corpusNow().rebuilt[runNow().rebuilt];
const likeExcerpts = new WeakMap(); // one for each sound that was made, so that it is decoded once

function likeExcerpt(made, picture, sound, whole) {
  if (!likeExcerpts.has(made)) likeExcerpts.set(made, { picture, sound, start: 0, end: whole });
  return likeExcerpts.get(made);
}

// What the units of an excerpt were turned back into, or null.
function rebuiltOf(excerpt, number) {
  const made = rebuiltNow()?.excerpts[number];
  return made ? likeExcerpt(made, made[0], made[1], excerpt.end - excerpt.start) : null;
}

// The sounds of an excerpt, each with its button: as recorded, rebuilt, and in other voices.
function soundsOf(excerpt, number) {
  const rebuilt = rebuiltOf(excerpt, number);
  const sounds = excerpt.sound ? [{ name: "as recorded", of: excerpt }] : [];
  if (rebuilt?.sound) sounds.push({ name: "rebuilt from its units", of: rebuilt });
  for (const voice of rebuilt ? rebuiltNow().excerpts[number][2] : []) {
    sounds.push({ name: `in the voice of ${voice.speaker}`, of: likeExcerpt(voice, "", voice.sound, rebuilt.end) });
  }
  const alone = sounds.length === 1 && excerpt.sound;
  const button = ({ name }) => {
    const about = `play ${excerpt.utterance}${alone ? "" : ` ${name}`}`;
    return el("button", { type: "button", class: alone ? "play" : "small player", "aria-label": about }, alone ? "" : name);
  };
  return sounds.map((each) => ({ ...each, button: button(each) }));
}

// A unit by itself, as its codeword is decoded: a picture, with sound a button that plays it; null where there is none.
function unitAlone(number) {
  const [rebuilt, run, corpus] = [rebuiltNow(), runNow(), corpusNow()];
  const sheet = run.codebook === null ? rebuilt?.sheets.find((each) => each.units.includes(number)) : null;
  if (!sheet) return null;
  const [slot, before] = [(rebuilt.held + 2 * rebuilt.edge) * run.shift, rebuilt.edge * run.shift];
  const made = likeExcerpt(sheet, sheet.picture, sheet.sound, sheet.units.length * slot);
  const start = sheet.units.indexOf(number) * slot + before;
  const end = start + slot - 2 * before;
  const picture = pictureOf(made, start, end, corpus.grid ? imageHeight : exampleScale(corpus));
  if (corpus.grid) picture.classList.add("colours");
  const caption = el("span", { class: "where" }, el("b", {}, "decoded"));
  const about = `unit ${number} by itself`;
  if (!sheet.sound) return el("div", { class: "decoded", role: "img", "aria-label": about }, picture, caption);
  const button = el("button", { type: "button", class: "decoded", "aria-label": `play ${about}` }, picture, caption);
  button.addEventListener("click", () => playOn(button, made, start, end));
  return button;
}

// What the tiles of a unit are, in words that begin a sentence: the unit by itself, if it is there, and examples.
function tilesHint(alone) {
  const [rebuilt, run, corpus] = [rebuiltNow(), runNow(), corpusNow()];
  const rare = !alone && run.codebook === null && rebuilt?.sheets.length > 0;
  if (rare) return "Examples, without the unit by itself, which is too rare to be decoded here";
  if (!alone) return "Examples";
  const held = rebuilt.held * run.shift;
  const long = hasTime(corpus) ? length(corpus, held) : `${Math.round(held)} columns`;
  return `First the unit by itself, decoded${corpus.grid ? "" : ` and held for ${long}`}, then examples`;
}

const rebuiltTexts = {
  sound: "Below each spectrogram stands that of the sound that was rebuilt, which is metallic because no feature has the phase",
  line: "Below each line stands what the decoder makes of its units alone",
  image: "Between each image and its units stands what the decoder makes of these alone",
};

function drawRebuiltCaption() {
  const [corpus, rebuilt] = [corpusNow(), rebuiltNow()];
  const some = rebuilt && (Object.keys(rebuilt.excerpts).length > 0 || rebuilt.left_out.length > 0);
  const text = rebuiltTexts[corpus.grid ? "image" : hasTime(corpus) ? "sound" : "line"];
  const out = some && rebuilt.left_out.length ? `; left out, as it would take too long: ${rebuilt.left_out.join(", ")}` : "";
  part("rebuilt-caption").textContent = some ? `${text}${out}.` : "";
  part("rebuilt-caption").hidden = !some;
}
