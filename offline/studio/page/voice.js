// One sound: buffers one after another, each begun on its sample, in a context that is heard or one that is rendered.
//
// A slice begins and ends as the kit has it, to the sample and with no fade but the kit's. What is cut short, by a
// choke, a key let go or a stop, falls to zero within a millisecond, and what begins in the middle of a record rises as
// fast.

/** Seconds of a ramp that nobody hears as a fade, and that leaves no click. */
const RAMP = 0.001;
/** Seconds that the audio thread may have rendered before it learns of a change. */
const AHEAD = 0.006;

export class Voice {
  #context;
  #level;
  #gain;
  /** @type {Set<AudioBufferSourceNode>} */
  #sources = new Set();
  /** What sounds when: frames of the context, samples of the record.
   * @type {{frame: number, first: number, length: number}[]} */
  #parts = [];
  #whole = false;
  #over = false;
  #loop;
  /** Is called once, when nothing sounds any more. @type {() => void} */
  ended = () => {};

  /** @param {BaseAudioContext} context @param {{gain_db?: number|null, loop?: boolean}} [how] */
  constructor(context, { gain_db = 0, loop = false } = {}) {
    this.#context = context;
    this.#gain = 10 ** ((gain_db ?? 0) / 20);
    this.#level = new GainNode(context, { gain: this.#gain });
    this.#level.connect(context.destination);
    this.#loop = loop;
  }

  /** The frame at which something may begin that has not begun; frames of the context. */
  get soon() {
    return Math.round((this.#context.currentTime + AHEAD) * this.#context.sampleRate);
  }

  get over() { return this.#over; }

  /** Have a buffer sound. @param {AudioBuffer} buffer @param {number} first its first sample in the record
   * @param {number|null} frame of the context, null for at once */
  add(buffer, first, frame = null) {
    const { sampleRate, currentTime } = this.#context;
    const source = new AudioBufferSourceNode(this.#context, { buffer, loop: this.#loop });
    source.connect(this.#level);
    source.onended = () => {
      source.disconnect();
      this.#sources.delete(source);
      if (this.#over && !this.#sources.size) this.#level.disconnect();
      this.#settle();
    };
    this.#sources.add(source);
    const length = Math.round(buffer.duration * sampleRate);  // a kit's files may have another rate
    this.#parts.push({ frame: frame ?? Math.round(currentTime * sampleRate), first, length });
    source.start(frame === null ? 0 : frame / sampleRate);
  }

  /** Let it rise from silence at a frame, as it begins in the middle of something. @param {number} frame */
  rise(frame) {
    const at = frame / this.#context.sampleRate;
    this.#level.gain.setValueAtTime(0, at).linearRampToValueAtTime(this.#gain, at + RAMP);
  }

  /** Say that no more buffers come. */
  complete() {
    this.#whole = true;
    this.#settle();
  }

  /** Fall silent. @param {number|null} frame of the context, null for as soon as can be */
  stop(frame = null) {
    if (this.#over) return;
    const at = frame === null ? this.#context.currentTime + AHEAD : frame / this.#context.sampleRate;
    const { gain } = this.#level;
    gain.cancelScheduledValues(at);
    gain.setValueAtTime(this.#gain, at).linearRampToValueAtTime(0, at + RAMP);
    for (const source of this.#sources) source.stop(at + RAMP);
    this.#finish();
  }

  /** Give the sample of the record that is heard at a time of the context, seconds; null before the first.
   * @param {number} time */
  sample(time) {
    const frame = time * this.#context.sampleRate;
    const part = this.#parts.findLast((one) => one.frame <= frame);
    if (!part) return null;
    const into = frame - part.frame;
    return part.first + (this.#loop ? into % part.length : Math.min(into, part.length));
  }

  #settle() {
    if (this.#whole && !this.#sources.size) this.#finish();
  }

  #finish() {
    if (this.#over) return;
    this.#over = true;
    this.ended();
  }
}
