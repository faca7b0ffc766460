import { crc32c } from '../../src/encoding/crc32c.ts'
import type { Random } from '../../src/runtime/random.ts'
import type { Disk, DiskEntry, DiskFile, DiskLock, DiskStat } from '../../src/storage/disk.ts'
import type { SimulatedDisk } from '../support/simulated-disk.ts'
import type { DiskRequest, DiskRequestKind, Fault, LifeFaults } from './faults.ts'
import { provenBytes } from './proven-bytes.ts'
import type { World } from './simulated-world.ts'

interface InFlight {
  readonly mutates: boolean
  readonly happen: () => Promise<unknown>
  readonly reject: (error: unknown) => void
}

/**
 * The disk as one process sees it: every operation takes simulated time, those under way complete in any order, and
 * some fail as the life's faults have it. Once the process is dead, none does anything any more.
 */
export class ProcessDisk implements Disk {
  readonly #world: World
  readonly #disk: SimulatedDisk
  readonly #faults: LifeFaults
  readonly #random: Random
  readonly #inFlight = new Set<InFlight>()
  readonly #openFiles = new Set<string>()
  /** Files of which bytes were read wrongly that only a second look can save. */
  readonly #misread = new Set<string>()
  #files = 0
  isDead = false

  constructor(world: World, disk: SimulatedDisk, faults: LifeFaults) {
    this.#world = world
    this.#disk = disk
    this.#faults = faults
    this.#random = world.random
  }

  /** Files that were opened and not closed. */
  get openFiles(): readonly string[] {
    return [...this.#openFiles]
  }

  /** Operations that have not been answered. */
  get underWay(): number {
    return this.#inFlight.size
  }

  /** The process ends: what is under way has happened or not, by the seed, and nothing else will. */
  async kill(): Promise<void> {
    this.isDead = true
    this.#world.forget(this)
    const left = [...this.#inFlight]
    this.#inFlight.clear()
    while (left.length > 0) {
      const [operation] = left.splice(this.#world.int(left.length), 1)
      if (operation!.mutates && this.#random.next() < 0.5) await operation!.happen().catch(() => undefined)
      operation!.reject(gone())
    }
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.#read('readFile', path, 0, () => this.#disk.readFile(path))
  }

  readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
    return this.#read('readRange', path, offset, () => this.#disk.readRange(path, offset, length))
  }

  list(path: string): Promise<readonly DiskEntry[]> {
    return this.#run('list', path, 0, () => this.#disk.list(path))
  }

  stat(path: string): Promise<DiskStat | undefined> {
    return this.#run('stat', path, 0, () => this.#disk.stat(path))
  }

  realPath(path: string): Promise<string | undefined> {
    return this.#run('realPath', path, 0, () => this.#disk.realPath(path))
  }

  async create(path: string): Promise<DiskFile> {
    return this.#open(path, await this.#run('create', path, 0, () => this.#disk.create(path)))
  }

  async append(path: string): Promise<DiskFile> {
    return this.#open(path, await this.#run('append', path, 0, () => this.#disk.append(path)))
  }

  makeDirectory(path: string): Promise<void> {
    return this.#run('makeDirectory', path, 0, () => this.#disk.makeDirectory(path))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#run('rename', from, 0, () => this.#disk.rename(from, to), undefined, ` to ${to}`)
  }

  remove(path: string): Promise<void> {
    return this.#run('remove', path, 0, () => this.#disk.remove(path))
  }

  removeDirectory(path: string): Promise<void> {
    return this.#run('removeDirectory', path, 0, () => this.#disk.removeDirectory(path))
  }

  syncDirectory(path: string): Promise<void> {
    return this.#run('syncDirectory', path, 0, () => this.#disk.syncDirectory(path))
  }

  lock(path: string, owner: string): Promise<DiskLock | { readonly heldBy: string }> {
    return this.#run('lock', path, 0, () => this.#disk.lock(path, owner))
  }

  #open(path: string, file: DiskFile): DiskFile {
    const name = `${path}#${this.#files++}`
    this.#openFiles.add(name)
    const write = (bytes: Uint8Array): Promise<void> =>
      this.#run(
        'write',
        path,
        bytes.length,
        () => file.write(bytes),
        (count) => file.write(bytes.subarray(0, count)),
        ` ${crc32c(bytes)}`,
      )
    return {
      write,
      writeAll: (parts) => write(Buffer.concat(parts)),
      sync: () => this.#run('sync', path, 0, () => file.sync()),
      truncate: (bytes) =>
        this.#run('truncate', path, 0, () => file.truncate(bytes), undefined, ` to ${bytes}`),
      close: () => {
        // Whatever the system says of it: the file is closed.
        this.#openFiles.delete(name)
        return this.#run('close', path, 0, () => file.close())
      },
    }
  }

  async #read(
    kind: DiskRequestKind,
    path: string,
    offset: number,
    effect: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    let flip: (Fault & { kind: 'flip' }) | undefined
    const bytes = await this.#run(
      kind,
      path,
      0,
      effect,
      undefined,
      ` from ${offset}`,
      (fault) => (flip = fault),
    )
    return flip === undefined ? bytes : this.#flipped(path, offset, bytes, flip)
  }

  /** The bytes with one bit of the file turned over, if it lies in them. */
  async #flipped(path: string, offset: number, bytes: Uint8Array, flip: Fault & { kind: 'flip' }) {
    const proven = await provenBytes(this.#disk, path)
    // Elsewhere a bit may be wrong once, but not each time that it is read.
    const isProvenOnly = flip.isSticky || this.#misread.has(path)
    const size = isProvenOnly ? proven : ((await this.#disk.stat(path))?.bytes ?? 0)
    const at = Math.floor(flip.place * size) - offset
    if (at < 0 || at >= bytes.length) return bytes
    if (offset + at >= proven) this.#misread.add(path)
    bytes[at]! ^= 1 << flip.bit
    this.#faults.flipped.add(path)
    this.#world.trace.add(`bit ${flip.bit} of byte ${offset + at} of ${path} is read wrongly`)
    return bytes
  }

  #run<T>(
    kind: DiskRequestKind,
    path: string,
    bytes: number,
    effect: () => Promise<T>,
    partial: (count: number) => Promise<void> = async () => undefined,
    details = '',
    onFlip: (fault: Fault & { kind: 'flip' }) => void = () => undefined,
  ): Promise<T> {
    if (this.isDead) return Promise.reject(gone())
    const request: DiskRequest = { kind, path, bytes }
    return new Promise<T>((resolve, reject) => {
      const operation: InFlight = { mutates: !isRead(kind), happen: effect, reject }
      this.#inFlight.add(operation)
      this.#world.schedule(this, this.#latency(), () => {
        this.#inFlight.delete(operation)
        const fault = this.#faults.decide(request)
        const what = `${kind} ${path}${details}`
        if (fault?.kind === 'error') {
          this.#world.trace.add(`${what} fails: ${fault.code}${bytes > 0 ? ` after ${fault.written}` : ''}`)
          void fail(fault, effect, partial).then(() => reject(systemError(fault.code, what)))
          return
        }
        if (fault?.kind === 'flip') onFlip(fault)
        this.#world.trace.add(what)
        this.#faults.done(kind, what)
        effect().then(resolve, reject)
      })
    })
  }

  /** Milliseconds: mostly quick, sometimes slow, and now and then a disk that thinks about it. */
  #latency(): number {
    const kind = this.#random.next()
    if (kind < 0.9) return this.#random.next() * 2
    return this.#random.next() * (kind < 0.995 ? 40 : 3_000)
  }
}

async function fail(
  fault: Fault & { kind: 'error' },
  effect: () => Promise<unknown>,
  partial: (count: number) => Promise<void>,
): Promise<void> {
  // What the disk itself would refuse is no matter: the operation fails anyway.
  if (fault.happens) await effect().catch(() => undefined)
  else if (fault.written > 0) await partial(fault.written).catch(() => undefined)
}

function isRead(kind: DiskRequestKind): boolean {
  return ['readFile', 'readRange', 'list', 'stat', 'realPath', 'append', 'lock', 'close'].includes(kind)
}

function systemError(code: string, what: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}

/** What a dead process gets; nobody sees it. */
function gone(): NodeJS.ErrnoException {
  return systemError('EIO', 'the process is gone')
}
