// Playing parts of excerpts, exactly from sample to sample.

const sound = { context: null, buffers: new WeakMap(), source: null, stopped: null, turn: 0 };
const encoderDelay = 1105 / 16000; // seconds of silence that a decoder leaves at the start if it ignores the MP3's header

async function decoded(excerpt) {
  sound.context ??= new AudioContext();
  if (!sound.buffers.has(excerpt)) {
    const bytes = Uint8Array.from(atob(excerpt.sound.split(",")[1]), (c) => c.charCodeAt(0));
    const buffer = await sound.context.decodeAudioData(bytes.buffer);
    const surplus = buffer.duration - (excerpt.end - excerpt.start);
    sound.buffers.set(excerpt, { buffer, lead: surplus > 0.9 * encoderDelay ? encoderDelay : 0 });
  }
  return sound.buffers.get(excerpt);
}

function silence() {
  const { source, stopped } = sound;
  sound.source = sound.stopped = null;
  if (source) {
    source.onended = null;
    source.stop();
  }
  if (stopped) stopped(false);
}

// Play an excerpt from `start` to `end` (seconds from the start of the excerpt); `moving(time)` follows it. Resolves to
// whether it played to its end.
async function play(excerpt, start, end, moving = null) {
  silence();
  sound.turn += 1;
  const turn = sound.turn;
  const { buffer, lead } = await decoded(excerpt);
  await sound.context.resume();
  if (turn !== sound.turn) return false; // another excerpt was requested in the meantime
  const source = new AudioBufferSourceNode(sound.context, { buffer });
  const gain = new GainNode(sound.context, { gain: 0 });
  const from = Math.max(start, 0);
  const seconds = Math.max(Math.min(end, excerpt.end - excerpt.start) - from, 0.02);
  const now = sound.context.currentTime;
  const fade = Math.min(0.005, seconds / 4); // a cut in the middle of a wave would click
  gain.gain.setValueAtTime(0, now);
  gain.gain.linearRampToValueAtTime(1, now + fade);
  gain.gain.setValueAtTime(1, now + seconds - fade);
  gain.gain.linearRampToValueAtTime(0, now + seconds);
  source.connect(gain).connect(sound.context.destination);
  source.start(now, from + lead, seconds);
  sound.source = source;
  document.body.dataset.played = String(Number(document.body.dataset.played ?? 0) + 1);
  const follow = () => {
    if (sound.source !== source) return;
    moving?.(from + sound.context.currentTime - now);
    requestAnimationFrame(follow);
  };
  if (moving) follow();
  return new Promise((resolve) => {
    sound.stopped = resolve;
    source.onended = () => {
      sound.source = sound.stopped = null;
      resolve(true);
    };
  });
}

// Play and show on `button` that it plays; pressing it again stops.
async function playOn(button, excerpt, start, end, moving = null) {
  if (button.classList.contains("playing")) {
    silence();
    return false;
  }
  button.classList.add("playing");
  try {
    return await play(excerpt, start, end, moving);
  } catch {
    button.title = "this browser cannot play the recording";
    return false;
  } finally {
    button.classList.remove("playing");
  }
}
