// A wav file of the server's as an AudioBuffer, sample for sample.
//
// decodeAudioData would do, but for the last bits: Chromium divides positive samples of 16 bits by 32,767 and negative
// ones by 32,768. Here a sample is what it is in the file, over the full scale of its format, as float32 has it.

const PCM = 1, FLOAT = 3, EXTENSIBLE = 0xfffe;

/** How samples are read, by format and bytes of one.
 * @type {{[kind: string]: (view: DataView, at: number) => number}} */
const READERS = {
  [`${PCM} 1`]: (view, at) => (view.getUint8(at) - 128) / 2 ** 7,
  [`${PCM} 2`]: (view, at) => view.getInt16(at, true) / 2 ** 15,
  [`${PCM} 3`]: (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23,
  [`${PCM} 4`]: (view, at) => view.getInt32(at, true) / 2 ** 31,
  [`${FLOAT} 4`]: (view, at) => view.getFloat32(at, true),
  [`${FLOAT} 8`]: (view, at) => view.getFloat64(at, true),
};

/** Read a wav file. Throws an Error for what is none. @param {ArrayBuffer} file @returns {AudioBuffer} */
export function readWav(file) {
  const view = new DataView(file), chunks = chunksOf(view);
  const format = chunks.get("fmt "), data = chunks.get("data");
  if (!format || !data) throw new Error("the server sent a sound that is no wav file");
  const tag = view.getUint16(format.at, true);
  const kind = tag === EXTENSIBLE ? view.getUint16(format.at + 24, true) : tag;
  const numberOfChannels = view.getUint16(format.at + 2, true), sampleRate = view.getUint32(format.at + 4, true);
  const step = view.getUint16(format.at + 12, true), size = step / numberOfChannels;
  const read = READERS[`${kind} ${size}`];
  if (!read) throw new Error(`the server sent a sound in a format that is not known, ${kind} with ${size} bytes`);
  const length = Math.floor(data.size / step);
  const buffer = new AudioBuffer({ length: Math.max(1, length), numberOfChannels, sampleRate });
  for (let channel = 0; channel < numberOfChannels; channel += 1) {
    const samples = buffer.getChannelData(channel);
    for (let n = 0, at = data.at + channel * size; n < length; n += 1, at += step) samples[n] = read(view, at);
  }
  return buffer;
}

/** Find the chunks of a RIFF file. @param {DataView} view @returns {Map<string, {at: number, size: number}>} */
function chunksOf(view) {
  const found = new Map();
  for (let at = 12; at + 8 <= view.byteLength;) {
    const name = String.fromCharCode(...new Uint8Array(view.buffer, at, 4));
    const size = Math.min(view.getUint32(at + 4, true), view.byteLength - at - 8);
    found.set(name, { at: at + 8, size });
    at += 8 + size + (size & 1);
  }
  return found;
}
