// What the server says, as types for those who read and for the checker; see offline/studio/state.py.
// Positions are samples.

/** @typedef {{name: string, file: string, rate: number, channels: number, length: number}} RecordFacts */

/**
 * @typedef {object} Pad A slice of the kit, on its pad.
 * @property {number} start
 * @property {number} stop one past the last sample
 * @property {number} strength 0..1
 * @property {number} note MIDI
 * @property {string} pad such as "A01"
 * @property {string|null} chop id in the project, null where nothing was decided about it
 * @property {boolean} locked
 * @property {boolean} pinned whether the note was given by hand
 * @property {number|null} origin
 * @property {string|null} name
 * @property {number|null} end
 * @property {number|null} gain_db
 * @property {number|null} choke
 * @property {"one-shot"|"gate"|"loop"|null} play
 * @property {string|null} colour
 */

/** @typedef {"attack"|"zero"|"grid"|"off"} Snap Where a cut goes that is moved: to the nearest of these. */
/** @typedef {[sample: number, strength: number, level: number]} Candidate */
/** @typedef {{value: string, confidence: number, other: string}} Guess */
/** @typedef {{beats: [sample: number, label: number][], tempo: Guess|null, key: string|null}} Grid */

/**
 * @typedef {object} Kit
 * @property {{[name: string]: any}} options
 * @property {number} most
 * @property {number} weight
 * @property {number|null} found
 * @property {{[name: string]: {[name: string]: number}}} figures
 * @property {number|null} at_bars
 * @property {number} alone hits of a record that is drums alone, of which not each has a pad; 0 elsewhere
 * @property {string} shape how slices are shaped, "" where they are the record's own samples
 */

/**
 * @typedef {{id: string, at: number, origin?: number, locked?: boolean, end?: number, name?: string, note?: number}}
 *   Chop
 */

/**
 * @typedef {object} Project
 * @property {Chop[]} chops
 * @property {number[]} deleted
 * @property {{[name: string]: any}} grid
 * @property {{[name: string]: any}} kit
 * @property {string} [key]
 * @property {string|null} undo
 * @property {string|null} redo
 */

/** @typedef {{chop: string|null, at: number, said: string}} Conflict A decision that has no clear place in this file:
 *   where it is kept, and why, in a sentence. */

/**
 * @typedef {object} Sections
 * @property {RecordFacts} record
 * @property {Project} project
 * @property {Pad[]} pads
 * @property {Candidate[]} candidates
 * @property {Grid} grid
 * @property {Kit} kit
 * @property {Conflict[]} conflicts
 * @property {string[]} messages
 */

/**
 * @typedef {object} Found
 * @property {Candidate[]} attacks
 * @property {[sample: number, name: string, weight: number][]} drums
 * @property {[sample: number, name: string][]} chords
 * @property {{value: string, other: string}|null} key other: a key that is nearly as likely, or ""
 * @property {Curve|null} curve
 */

/** @typedef {{name: string, frames: number, at: number, hop: number}} Curve How sure the net is in every frame: where
 *   the first one is centred, and how far it is from one to the next. Its values are asked for by range. */

/** @typedef {{stage: string, done?: number, length?: number, error?: string}} Job */
/** @typedef {Job & {kit: string, folder?: string, slices?: number, formats?: string[], files?: string[],
 *   warnings?: string[]}} Exported A kit that is made, or was. */
/** @typedef {Job & {better?: boolean, said?: string, model?: string}} Taught A model that learns, or did. */
/** @typedef {{do: string, [name: string]: any}} Command A command on the project, see docs/project.md. */

export {};
