declare const brand: unique symbol
type Branded<T, Name extends string> = T & { readonly [brand]: Name }

/** The number of a log record: from 1, grows by exactly one, one sequence for the whole database; below 2^53. */
export type SequenceNumber = Branded<number, 'SequenceNumber'>
/** The number of a published catalog or manifest: from 1, grows with every publish. */
export type Generation = Branded<number, 'Generation'>
/** UUID of a segment; also the name of its folder. */
export type SegmentId = Branded<string, 'SegmentId'>
/** UUID of a collection: never reused, not its name. */
export type CollectionId = Branded<string, 'CollectionId'>
/** UUID of a snapshot. */
export type SnapshotId = Branded<string, 'SnapshotId'>

export const seqOf = (value: number): SequenceNumber => value as SequenceNumber
export const generationOf = (value: number): Generation => value as Generation
export const segmentIdOf = (value: string): SegmentId => value as SegmentId
export const collectionIdOf = (value: string): CollectionId => value as CollectionId
export const snapshotIdOf = (value: string): SnapshotId => value as SnapshotId
